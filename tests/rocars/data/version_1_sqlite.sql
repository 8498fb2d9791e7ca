BEGIN TRANSACTION;
CREATE TABLE bundle (
	id INTEGER NOT NULL,
	ubr VARCHAR(20) NOT NULL,
	driver_id INTEGER NOT NULL,
	mark VARCHAR(8) NOT NULL,
	state VARCHAR(9) NOT NULL,
	bundled_at DATETIME NOT NULL,
	immediately BOOLEAN NOT NULL,
	cross_from DATETIME NOT NULL,
	expires_at DATETIME NOT NULL,
	crossed_at DATETIME,
	control_point VARCHAR(8),
	CONSTRAINT pk_bundle PRIMARY KEY (id),
	CONSTRAINT ck_bundle_known_state CHECK (state IN ('live', 'unbundled', 'crossed', 'expired')),
	CONSTRAINT uq_bundle_ubr UNIQUE (ubr),
	CONSTRAINT fk_bundle_driver_id FOREIGN KEY(driver_id) REFERENCES driver (id)
);
INSERT INTO "bundle" VALUES(1,'1711555991',2,'FV2468','live','2010-05-17 01:00:30.000000',0,'2010-05-17 01:31:00.000000','2010-05-21 16:00:00.000000',NULL,NULL);
INSERT INTO "bundle" VALUES(2,'8254561949',4,'AB1234','live','2010-05-17 01:00:30.000000',0,'2010-05-17 01:31:00.000000','2010-05-18 16:00:00.000000',NULL,NULL);
INSERT INTO "bundle" VALUES(3,'5483820591',4,'AB1234','unbundled','2010-05-17 01:00:30.000000',0,'2010-05-17 01:31:00.000000','2010-05-18 16:00:00.000000',NULL,NULL);
INSERT INTO "bundle" VALUES(4,'5536375667',4,'AB1234','crossed','2010-05-17 01:31:30.000000',1,'2010-05-17 01:31:30.000000','2010-05-18 16:00:00.000000','2010-05-17 01:31:30.000000','LMC');
CREATE TABLE bundled_cargo (
	id INTEGER NOT NULL,
	bundle_id INTEGER NOT NULL,
	consignment_id INTEGER NOT NULL,
	place INTEGER NOT NULL,
	live BOOLEAN NOT NULL,
	CONSTRAINT pk_bundled_cargo PRIMARY KEY (id),
	CONSTRAINT uq_bundled_cargo_bundle_id UNIQUE (bundle_id, consignment_id),
	CONSTRAINT fk_bundled_cargo_bundle_id FOREIGN KEY(bundle_id) REFERENCES bundle (id),
	CONSTRAINT fk_bundled_cargo_consignment_id FOREIGN KEY(consignment_id) REFERENCES consignment (id)
);
INSERT INTO "bundled_cargo" VALUES(1,1,5,0,1);
INSERT INTO "bundled_cargo" VALUES(2,2,7,0,1);
INSERT INTO "bundled_cargo" VALUES(3,3,8,0,0);
INSERT INTO "bundled_cargo" VALUES(4,4,9,0,0);
CREATE TABLE company (
	id INTEGER NOT NULL,
	registration_number VARCHAR(32) NOT NULL,
	name VARCHAR(200) NOT NULL,
	responsible_person VARCHAR(120) NOT NULL,
	CONSTRAINT pk_company PRIMARY KEY (id),
	CONSTRAINT uq_company_registration_number UNIQUE (registration_number)
);
INSERT INTO "company" VALUES(1,'DEMO-0001','Demo Transport Limited','Wong Siu Ming');
INSERT INTO "company" VALUES(2,'BR-1','Kwun Tong Transport','Wong Siu Ming');
CREATE TABLE consignment (
	id INTEGER NOT NULL,
	ccrn VARCHAR(20) NOT NULL,
	company_id INTEGER NOT NULL,
	direction VARCHAR(8) NOT NULL,
	packages INTEGER NOT NULL,
	package_description TEXT NOT NULL,
	articles TEXT NOT NULL,
	consignor_name TEXT NOT NULL,
	consignor_address TEXT NOT NULL,
	consignee_name TEXT NOT NULL,
	consignee_address TEXT NOT NULL,
	expected_date DATE NOT NULL,
	container_numbers JSON NOT NULL,
	licence_numbers JSON NOT NULL,
	transhipment BOOLEAN NOT NULL,
	lodged_at DATETIME NOT NULL,
	amended_at DATETIME,
	crossed_at DATETIME,
	CONSTRAINT pk_consignment PRIMARY KEY (id),
	CONSTRAINT ck_consignment_known_direction CHECK (direction IN ('inbound', 'outbound')),
	CONSTRAINT ck_consignment_some_packages CHECK (packages > 0),
	CONSTRAINT uq_consignment_ccrn UNIQUE (ccrn),
	CONSTRAINT fk_consignment_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
INSERT INTO "consignment" VALUES(1,'1209805896862',1,'outbound',12,'Cartons','Umbrellas, made up for the demonstration','Demo Consignor Limited','1 Example Road, Kwai Chung, Hong Kong','Demo Consignee Company','2 Example Avenue, Futian, Shenzhen','2010-05-20','[]','[]',0,'2010-05-16 23:00:30.000000',NULL,NULL);
INSERT INTO "consignment" VALUES(2,'9476387062052',1,'inbound',12,'Cartons','Umbrellas, made up for the demonstration','Demo Consignor Limited','1 Example Road, Kwai Chung, Hong Kong','Demo Consignee Company','2 Example Avenue, Futian, Shenzhen','2010-05-20','[]','[]',0,'2010-05-16 23:00:30.000000',NULL,NULL);
INSERT INTO "consignment" VALUES(3,'8876698288612',1,'outbound',12,'Cartons','Umbrellas, made up for the demonstration','Demo Consignor Limited','1 Example Road, Kwai Chung, Hong Kong','Demo Consignee Company','2 Example Avenue, Futian, Shenzhen','2010-05-20','[]','[]',0,'2010-05-17 01:00:30.000000',NULL,NULL);
INSERT INTO "consignment" VALUES(4,'9264864540959',1,'inbound',12,'Cartons','Umbrellas, made up for the demonstration','Demo Consignor Limited','1 Example Road, Kwai Chung, Hong Kong','Demo Consignee Company','2 Example Avenue, Futian, Shenzhen','2010-05-20','[]','[]',0,'2010-05-17 01:00:30.000000',NULL,NULL);
INSERT INTO "consignment" VALUES(5,'4163612431467',1,'outbound',12,'Cartons','Umbrellas, made up for the demonstration','Demo Consignor Limited','1 Example Road, Kwai Chung, Hong Kong','Demo Consignee Company','2 Example Avenue, Futian, Shenzhen','2010-05-20','[]','[]',0,'2010-05-17 01:00:30.000000',NULL,NULL);
INSERT INTO "consignment" VALUES(6,'7222531283929',1,'outbound',12,'Cartons','Umbrellas, made up for the demonstration','Demo Consignor Limited','1 Example Road, Kwai Chung, Hong Kong','Demo Consignee Company','2 Example Avenue, Futian, Shenzhen','2010-05-15','[]','[]',0,'2010-05-15 01:00:30.000000',NULL,NULL);
INSERT INTO "consignment" VALUES(7,'7532524887087',2,'outbound',12,'Cartons','Umbrellas 雨傘','A Ltd','1 Road, Hong Kong','B Ltd','2 Road, Shenzhen','2010-05-17','[]','[]',0,'2010-05-17 01:00:30.000000',NULL,NULL);
INSERT INTO "consignment" VALUES(8,'9862327929203',2,'outbound',12,'Cartons','Umbrellas 雨傘','A Ltd','1 Road, Hong Kong','B Ltd','2 Road, Shenzhen','2010-05-17','[]','[]',0,'2010-05-17 01:00:30.000000',NULL,NULL);
INSERT INTO "consignment" VALUES(9,'6344820009256',2,'outbound',12,'Cartons','Umbrellas 雨傘','A Ltd','1 Road, Hong Kong','B Ltd','2 Road, Shenzhen','2010-05-17','[]','[]',0,'2010-05-17 01:00:30.000000',NULL,'2010-05-17 01:31:30.000000');
CREATE TABLE driver (
	id INTEGER NOT NULL,
	user_id VARCHAR(32) NOT NULL,
	company_id INTEGER NOT NULL,
	name VARCHAR(120) NOT NULL,
	pin_hash VARCHAR(200) NOT NULL,
	phone VARCHAR(16),
	language VARCHAR(3) NOT NULL,
	CONSTRAINT pk_driver PRIMARY KEY (id),
	CONSTRAINT uq_driver_user_id UNIQUE (user_id),
	CONSTRAINT fk_driver_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
INSERT INTO "driver" VALUES(1,'10000001',1,'Chan Tai Man','$argon2id$v=19$m=64,t=1,p=1$R4CqZOonBgwqw5ZCwDhWqg$gAUyjySRvRYRAe4n1LQXvj6one3njis0Rybxash3AtE','+85290100001','yue');
INSERT INTO "driver" VALUES(2,'10000002',1,'Li Ming','$argon2id$v=19$m=64,t=1,p=1$md7SPYanrOIZZgdBHI+M/w$GjYfIeBCnSh2E0O619vFLI+Pegxf6u+9BHKlAXqnC9U','+8613800000002','cmn');
INSERT INTO "driver" VALUES(3,'10000003',1,'John Smith','$argon2id$v=19$m=64,t=1,p=1$efg5ZeSPYLe++1pGDUswDg$iOD7yNBdOzXQw41U7FIjJu8+CmS7kbGlrF8hcs8AkSk',NULL,'en');
INSERT INTO "driver" VALUES(4,'20000001',2,'Chan Tai Man','$argon2id$v=19$m=64,t=1,p=1$jj+EaFCX/GdlwdfrQdkFKQ$5wsCehV7Q9ouyggxX1NgmNFmxdR7I1nEgnoYeAWTF9w','+85290200001','cmn');
CREATE TABLE driver_vehicle (
	driver_id INTEGER NOT NULL,
	vehicle_id INTEGER NOT NULL,
	used_at DATETIME NOT NULL,
	CONSTRAINT pk_driver_vehicle PRIMARY KEY (driver_id, vehicle_id),
	CONSTRAINT fk_driver_vehicle_driver_id FOREIGN KEY(driver_id) REFERENCES driver (id),
	CONSTRAINT fk_driver_vehicle_vehicle_id FOREIGN KEY(vehicle_id) REFERENCES vehicle (id)
);
INSERT INTO "driver_vehicle" VALUES(1,1,'2010-05-17 01:00:30.000000');
INSERT INTO "driver_vehicle" VALUES(1,2,'2010-05-17 01:00:29.999000');
INSERT INTO "driver_vehicle" VALUES(2,3,'2010-05-17 01:00:30.000000');
INSERT INTO "driver_vehicle" VALUES(4,1,'2010-05-17 01:31:30.000000');
INSERT INTO "driver_vehicle" VALUES(4,4,'2010-05-17 01:00:29.999000');
CREATE TABLE idempotent_answer (
	driver_id INTEGER NOT NULL,
	"key" VARCHAR(128) NOT NULL,
	request_hash VARCHAR(64) NOT NULL,
	answer JSON,
	answered_at DATETIME NOT NULL,
	CONSTRAINT pk_idempotent_answer PRIMARY KEY (driver_id, "key"),
	CONSTRAINT fk_idempotent_answer_driver_id FOREIGN KEY(driver_id) REFERENCES driver (id)
);
INSERT INTO "idempotent_answer" VALUES(2,'demo-2b4015243bb24be2','afea174ca2cf7780cd178e4a62843cf0bc52a36a33f8770a491cdc796dbddbb5','{"ubr": "1711555991", "ccrns": ["4163612431467"], "vehicle": "FV2468", "bundled_at": "2010-05-17T09:00:30+08:00", "crossing": {"immediately": false, "at": "2010-05-17T09:31:00+08:00"}, "state": "live"}','2010-05-17 01:00:30.000000');
INSERT INTO "idempotent_answer" VALUES(4,'old-key-1','b76ed622fba912388587d1fdac5f731196b6fa9ac7790e7b6291b7bcb3627bcd','{"ubr": "8254561949", "ccrns": ["7532524887087"], "vehicle": "AB1234", "bundled_at": "2010-05-17T09:00:30+08:00", "crossing": {"immediately": false, "at": "2010-05-17T09:31:00+08:00"}, "state": "live"}','2010-05-17 01:00:30.000000');
INSERT INTO "idempotent_answer" VALUES(4,'old-key-2','1ae72f090e7e15549da03a2c91cb8dae250abe9cd71fcdf655b567db3644d5a9','{"ubr": "5483820591", "ccrns": ["9862327929203"], "vehicle": "AB1234", "bundled_at": "2010-05-17T09:00:30+08:00", "crossing": {"immediately": false, "at": "2010-05-17T09:31:00+08:00"}, "state": "live"}','2010-05-17 01:00:30.000000');
INSERT INTO "idempotent_answer" VALUES(4,'old-key-3','9788c687ddeebbe7d15530672811c876ee3d3e1165dee1b8a60978af53c80475','{"ubr": "5483820591", "ccrns": ["9862327929203"], "vehicle": "AB1234", "bundled_at": "2010-05-17T09:00:30+08:00", "crossing": {"immediately": false, "at": "2010-05-17T09:31:00+08:00"}, "state": "unbundled"}','2010-05-17 01:00:30.000000');
INSERT INTO "idempotent_answer" VALUES(4,'old-key-4','2612e751f14559526c501b74d9bdd20760a2a14f1751e7bebbbace2ad3388ae5','{"ubr": "5536375667", "ccrns": ["6344820009256"], "vehicle": "AB1234", "bundled_at": "2010-05-17T09:31:30+08:00", "crossing": {"immediately": true, "at": "2010-05-17T09:31:30+08:00"}, "state": "live"}','2010-05-17 01:31:30.000000');
INSERT INTO "idempotent_answer" VALUES(4,'old-key-5','annulled','null','2010-05-17 01:31:30.000000');
CREATE TABLE login_failures (
	user_id VARCHAR(32) NOT NULL,
	failures INTEGER NOT NULL,
	last_at DATETIME NOT NULL,
	CONSTRAINT pk_login_failures PRIMARY KEY (user_id)
);
INSERT INTO "login_failures" VALUES('20000001',1,'2010-05-17 01:31:30.000000');
CREATE TABLE login_session (
	token_hash VARCHAR(64) NOT NULL,
	driver_id INTEGER NOT NULL,
	expires_at DATETIME NOT NULL,
	CONSTRAINT pk_login_session PRIMARY KEY (token_hash),
	CONSTRAINT fk_login_session_driver_id FOREIGN KEY(driver_id) REFERENCES driver (id)
);
INSERT INTO "login_session" VALUES('83ec8e2293cd3b187a4e7135a78a1243700e82a4e5e3f2a43c87462f78f40f9d',4,'2010-05-17 01:30:30.000000');
INSERT INTO "login_session" VALUES('afdc157e35948ea9822b46cf272f25a335723889995f099ac9f430f186618844',4,'2010-05-17 02:01:30.000000');
CREATE TABLE schema_version (
	version INTEGER NOT NULL,
	CONSTRAINT pk_schema_version PRIMARY KEY (version)
);
INSERT INTO "schema_version" VALUES(1);
CREATE TABLE security_token (
	driver_id INTEGER NOT NULL,
	kind VARCHAR(4) NOT NULL,
	seed VARCHAR(500) NOT NULL,
	digits INTEGER NOT NULL,
	step_s INTEGER,
	next_counter BIGINT NOT NULL,
	drift INTEGER NOT NULL,
	CONSTRAINT pk_security_token PRIMARY KEY (driver_id),
	CONSTRAINT ck_security_token_known_kind CHECK (kind IN ('hotp', 'totp')),
	CONSTRAINT fk_security_token_driver_id FOREIGN KEY(driver_id) REFERENCES driver (id)
);
INSERT INTO "security_token" VALUES(1,'hotp','gAAAAABrDIGzRmWzrKsGEHofS8LtOpryTXXX7Okc-ijgA5iC5Ygi2QiG_awnqgWqjoxXCGjJHDCpDXGxrD5KdeSAHXm4g9MeDuQx7oaTXzp62ZwBxYKJAqQ=',6,NULL,0,0);
INSERT INTO "security_token" VALUES(2,'hotp','gAAAAABrDIGz6DBZIuNYviyfAsXui5F3LVSe521Wj4nq2mtn68fL3qFrWlyjpiVDg2ysRLQVbjt-el2hfMeuYzoNPmWpYrAeYzTowu4C-9R-kia7ZSzUp7c=',6,NULL,0,0);
INSERT INTO "security_token" VALUES(3,'hotp','gAAAAABrDIGzET0QL2ovbsSEqaDCe2toE_U-gw35Q4sVFpfM8s6MKuqkGFkZwt6imDXzrYWJqE_F-DXfhyM6OMfv-ef3p0sMDTVoXwbpIY0Aypk2YKmxq-o=',6,NULL,0,0);
INSERT INTO "security_token" VALUES(4,'hotp','gAAAAABrDIGz6n5AXkmIgP5ExMJUqC-ky1dn-po_hZuiPGIZ7cU5vVDq_B54lR0tab2YuRF9HBsixxAPKEaGhwIqKR6kjp6TeP6NnFyxfG0mILyHaj8gKnk=',6,NULL,2,0);
CREATE TABLE signatory (
	id INTEGER NOT NULL,
	company_id INTEGER NOT NULL,
	place INTEGER NOT NULL,
	name VARCHAR(120) NOT NULL,
	CONSTRAINT pk_signatory PRIMARY KEY (id),
	CONSTRAINT ck_signatory_at_most_four CHECK (place BETWEEN 1 AND 4),
	CONSTRAINT uq_signatory_company_id UNIQUE (company_id, place),
	CONSTRAINT fk_signatory_company_id FOREIGN KEY(company_id) REFERENCES company (id) ON DELETE CASCADE
);
INSERT INTO "signatory" VALUES(1,1,1,'Lee Ka Yan');
INSERT INTO "signatory" VALUES(2,1,2,'Ho Wai Kit');
INSERT INTO "signatory" VALUES(3,2,1,'Lee Ka Yan');
CREATE TABLE vehicle (
	id INTEGER NOT NULL,
	mark VARCHAR(8) NOT NULL,
	keyed VARCHAR(8) NOT NULL,
	CONSTRAINT pk_vehicle PRIMARY KEY (id),
	CONSTRAINT uq_vehicle_mark UNIQUE (mark)
);
INSERT INTO "vehicle" VALUES(1,'AB1234','221234');
INSERT INTO "vehicle" VALUES(2,'FU88','3888');
INSERT INTO "vehicle" VALUES(3,'FV2468','382468');
INSERT INTO "vehicle" VALUES(4,'HK1','451');
CREATE INDEX ix_vehicle_keyed ON vehicle (keyed);
CREATE INDEX ix_login_failures_last_at ON login_failures (last_at);
CREATE INDEX ix_bundle_driver_newest ON bundle (driver_id, bundled_at);
CREATE INDEX ix_idempotent_answer_answered_at ON idempotent_answer (answered_at);
CREATE INDEX ix_login_session_expires_at ON login_session (expires_at);
CREATE UNIQUE INDEX one_live_bundle_per_consignment ON bundled_cargo (consignment_id) WHERE live;
COMMIT;
