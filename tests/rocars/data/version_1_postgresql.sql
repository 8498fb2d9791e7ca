CREATE TABLE schema_version (
	version INTEGER NOT NULL,
	CONSTRAINT pk_schema_version PRIMARY KEY (version)
);
CREATE TABLE company (
	id SERIAL NOT NULL,
	registration_number VARCHAR(32) NOT NULL,
	name VARCHAR(200) NOT NULL,
	responsible_person VARCHAR(120) NOT NULL,
	CONSTRAINT pk_company PRIMARY KEY (id),
	CONSTRAINT uq_company_registration_number UNIQUE (registration_number)
);
CREATE TABLE vehicle (
	id SERIAL NOT NULL,
	mark VARCHAR(8) NOT NULL,
	keyed VARCHAR(8) NOT NULL,
	CONSTRAINT pk_vehicle PRIMARY KEY (id),
	CONSTRAINT uq_vehicle_mark UNIQUE (mark)
);
CREATE INDEX ix_vehicle_keyed ON vehicle (keyed);
CREATE TABLE login_failures (
	user_id VARCHAR(32) NOT NULL,
	failures INTEGER NOT NULL,
	last_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_login_failures PRIMARY KEY (user_id)
);
CREATE INDEX ix_login_failures_last_at ON login_failures (last_at);
CREATE TABLE consignment (
	id SERIAL NOT NULL,
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
	lodged_at TIMESTAMP WITH TIME ZONE NOT NULL,
	amended_at TIMESTAMP WITH TIME ZONE,
	crossed_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_consignment PRIMARY KEY (id),
	CONSTRAINT ck_consignment_known_direction CHECK (direction IN ('inbound', 'outbound')),
	CONSTRAINT ck_consignment_some_packages CHECK (packages > 0),
	CONSTRAINT uq_consignment_ccrn UNIQUE (ccrn),
	CONSTRAINT fk_consignment_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
CREATE TABLE signatory (
	id SERIAL NOT NULL,
	company_id INTEGER NOT NULL,
	place INTEGER NOT NULL,
	name VARCHAR(120) NOT NULL,
	CONSTRAINT pk_signatory PRIMARY KEY (id),
	CONSTRAINT ck_signatory_at_most_four CHECK (place BETWEEN 1 AND 4),
	CONSTRAINT uq_signatory_company_id UNIQUE (company_id, place),
	CONSTRAINT fk_signatory_company_id FOREIGN KEY(company_id) REFERENCES company (id) ON DELETE CASCADE
);
CREATE TABLE driver (
	id SERIAL NOT NULL,
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
CREATE TABLE bundle (
	id SERIAL NOT NULL,
	ubr VARCHAR(20) NOT NULL,
	driver_id INTEGER NOT NULL,
	mark VARCHAR(8) NOT NULL,
	state VARCHAR(9) NOT NULL,
	bundled_at TIMESTAMP WITH TIME ZONE NOT NULL,
	immediately BOOLEAN NOT NULL,
	cross_from TIMESTAMP WITH TIME ZONE NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
	crossed_at TIMESTAMP WITH TIME ZONE,
	control_point VARCHAR(8),
	CONSTRAINT pk_bundle PRIMARY KEY (id),
	CONSTRAINT ck_bundle_known_state CHECK (state IN ('live', 'unbundled', 'crossed', 'expired')),
	CONSTRAINT uq_bundle_ubr UNIQUE (ubr),
	CONSTRAINT fk_bundle_driver_id FOREIGN KEY(driver_id) REFERENCES driver (id)
);
CREATE INDEX ix_bundle_driver_newest ON bundle (driver_id, bundled_at);
CREATE TABLE idempotent_answer (
	driver_id INTEGER NOT NULL,
	key VARCHAR(128) NOT NULL,
	request_hash VARCHAR(64) NOT NULL,
	answer JSON,
	answered_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_idempotent_answer PRIMARY KEY (driver_id, key),
	CONSTRAINT fk_idempotent_answer_driver_id FOREIGN KEY(driver_id) REFERENCES driver (id)
);
CREATE INDEX ix_idempotent_answer_answered_at ON idempotent_answer (answered_at);
CREATE TABLE driver_vehicle (
	driver_id INTEGER NOT NULL,
	vehicle_id INTEGER NOT NULL,
	used_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_driver_vehicle PRIMARY KEY (driver_id, vehicle_id),
	CONSTRAINT fk_driver_vehicle_driver_id FOREIGN KEY(driver_id) REFERENCES driver (id),
	CONSTRAINT fk_driver_vehicle_vehicle_id FOREIGN KEY(vehicle_id) REFERENCES vehicle (id)
);
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
CREATE TABLE login_session (
	token_hash VARCHAR(64) NOT NULL,
	driver_id INTEGER NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_login_session PRIMARY KEY (token_hash),
	CONSTRAINT fk_login_session_driver_id FOREIGN KEY(driver_id) REFERENCES driver (id)
);
CREATE INDEX ix_login_session_expires_at ON login_session (expires_at);
CREATE TABLE bundled_cargo (
	id SERIAL NOT NULL,
	bundle_id INTEGER NOT NULL,
	consignment_id INTEGER NOT NULL,
	place INTEGER NOT NULL,
	live BOOLEAN NOT NULL,
	CONSTRAINT pk_bundled_cargo PRIMARY KEY (id),
	CONSTRAINT uq_bundled_cargo_bundle_id UNIQUE (bundle_id, consignment_id),
	CONSTRAINT fk_bundled_cargo_bundle_id FOREIGN KEY(bundle_id) REFERENCES bundle (id),
	CONSTRAINT fk_bundled_cargo_consignment_id FOREIGN KEY(consignment_id) REFERENCES consignment (id)
);
CREATE UNIQUE INDEX one_live_bundle_per_consignment ON bundled_cargo (consignment_id) WHERE live;
INSERT INTO company VALUES (1, 'DEMO-0001', 'Demo Transport Limited', 'Wong Siu Ming');
INSERT INTO company VALUES (4, 'BR-1', 'Kwun Tong Transport', 'Wong Siu Ming');
INSERT INTO login_failures VALUES ('20000001', 1, '2010-05-17 01:31:30+00');
INSERT INTO schema_version VALUES (1);
INSERT INTO vehicle VALUES (1, 'AB1234', '221234');
INSERT INTO vehicle VALUES (2, 'FU88', '3888');
INSERT INTO vehicle VALUES (3, 'FV2468', '382468');
INSERT INTO vehicle VALUES (4, 'HK1', '451');
INSERT INTO consignment VALUES (1, '5508411043169', 1, 'outbound', 12, 'Cartons', 'Umbrellas, made up for the demonstration', 'Demo Consignor Limited', '1 Example Road, Kwai Chung, Hong Kong', 'Demo Consignee Company', '2 Example Avenue, Futian, Shenzhen', '2010-05-20', '[]', '[]', false, '2010-05-16 23:00:30+00', NULL, NULL);
INSERT INTO consignment VALUES (2, '1063282619174', 1, 'inbound', 12, 'Cartons', 'Umbrellas, made up for the demonstration', 'Demo Consignor Limited', '1 Example Road, Kwai Chung, Hong Kong', 'Demo Consignee Company', '2 Example Avenue, Futian, Shenzhen', '2010-05-20', '[]', '[]', false, '2010-05-16 23:00:30+00', NULL, NULL);
INSERT INTO consignment VALUES (3, '3127531424839', 1, 'outbound', 12, 'Cartons', 'Umbrellas, made up for the demonstration', 'Demo Consignor Limited', '1 Example Road, Kwai Chung, Hong Kong', 'Demo Consignee Company', '2 Example Avenue, Futian, Shenzhen', '2010-05-20', '[]', '[]', false, '2010-05-17 01:00:30+00', NULL, NULL);
INSERT INTO consignment VALUES (4, '9869170987260', 1, 'inbound', 12, 'Cartons', 'Umbrellas, made up for the demonstration', 'Demo Consignor Limited', '1 Example Road, Kwai Chung, Hong Kong', 'Demo Consignee Company', '2 Example Avenue, Futian, Shenzhen', '2010-05-20', '[]', '[]', false, '2010-05-17 01:00:30+00', NULL, NULL);
INSERT INTO consignment VALUES (5, '6433319050400', 1, 'outbound', 12, 'Cartons', 'Umbrellas, made up for the demonstration', 'Demo Consignor Limited', '1 Example Road, Kwai Chung, Hong Kong', 'Demo Consignee Company', '2 Example Avenue, Futian, Shenzhen', '2010-05-20', '[]', '[]', false, '2010-05-17 01:00:30+00', NULL, NULL);
INSERT INTO consignment VALUES (6, '1414402881804', 1, 'outbound', 12, 'Cartons', 'Umbrellas, made up for the demonstration', 'Demo Consignor Limited', '1 Example Road, Kwai Chung, Hong Kong', 'Demo Consignee Company', '2 Example Avenue, Futian, Shenzhen', '2010-05-15', '[]', '[]', false, '2010-05-15 01:00:30+00', NULL, NULL);
INSERT INTO consignment VALUES (7, '4298320031282', 4, 'outbound', 12, 'Cartons', 'Umbrellas 雨傘', 'A Ltd', '1 Road, Hong Kong', 'B Ltd', '2 Road, Shenzhen', '2010-05-17', '[]', '[]', false, '2010-05-17 01:00:30+00', NULL, NULL);
INSERT INTO consignment VALUES (8, '6732641463111', 4, 'outbound', 12, 'Cartons', 'Umbrellas 雨傘', 'A Ltd', '1 Road, Hong Kong', 'B Ltd', '2 Road, Shenzhen', '2010-05-17', '[]', '[]', false, '2010-05-17 01:00:30+00', NULL, NULL);
INSERT INTO consignment VALUES (9, '5798712220113', 4, 'outbound', 12, 'Cartons', 'Umbrellas 雨傘', 'A Ltd', '1 Road, Hong Kong', 'B Ltd', '2 Road, Shenzhen', '2010-05-17', '[]', '[]', false, '2010-05-17 01:00:30+00', NULL, '2010-05-17 01:31:30+00');
INSERT INTO driver VALUES (1, '10000001', 1, 'Chan Tai Man', '$argon2id$v=19$m=64,t=1,p=1$KqyH8GFfXatKK3BgsExKeg$bV+aidcTbZANJuLU77HSZk1DIm8qCG6rndf6oPzItG0', '+85290100001', 'yue');
INSERT INTO driver VALUES (2, '10000002', 1, 'Li Ming', '$argon2id$v=19$m=64,t=1,p=1$4yUeHHyd6NlHZZ3Qm1hXUQ$C5vk3+3Ad3Z8lsqQy61GV2ZJWUtpW0jKn5XoiUeYGh0', '+8613800000002', 'cmn');
INSERT INTO driver VALUES (3, '10000003', 1, 'John Smith', '$argon2id$v=19$m=64,t=1,p=1$1nI6WNAuSI4U5d3DEDd1iQ$Gck5TEaiK/uSG22i1IjTiDkRwGD2xg41D/IpSMVEP9o', NULL, 'en');
INSERT INTO driver VALUES (4, '20000001', 4, 'Chan Tai Man', '$argon2id$v=19$m=64,t=1,p=1$34gzGzCbxDMfnpoT3ZNeyg$kT726pWClJ+2KjT7bQyOPGOTnyQN1szxJULUzxd8us8', '+85290200001', 'cmn');
INSERT INTO signatory VALUES (1, 1, 1, 'Lee Ka Yan');
INSERT INTO signatory VALUES (2, 1, 2, 'Ho Wai Kit');
INSERT INTO signatory VALUES (3, 4, 1, 'Lee Ka Yan');
INSERT INTO bundle VALUES (1, '2119278105', 2, 'FV2468', 'live', '2010-05-17 01:00:30+00', false, '2010-05-17 01:31:00+00', '2010-05-21 16:00:00+00', NULL, NULL);
INSERT INTO bundle VALUES (2, '8274954225', 4, 'AB1234', 'live', '2010-05-17 01:00:30+00', false, '2010-05-17 01:31:00+00', '2010-05-18 16:00:00+00', NULL, NULL);
INSERT INTO bundle VALUES (3, '7916948409', 4, 'AB1234', 'unbundled', '2010-05-17 01:00:30+00', false, '2010-05-17 01:31:00+00', '2010-05-18 16:00:00+00', NULL, NULL);
INSERT INTO bundle VALUES (4, '5613014630', 4, 'AB1234', 'crossed', '2010-05-17 01:31:30+00', true, '2010-05-17 01:31:30+00', '2010-05-18 16:00:00+00', '2010-05-17 01:31:30+00', 'LMC');
INSERT INTO driver_vehicle VALUES (1, 1, '2010-05-17 01:00:30+00');
INSERT INTO driver_vehicle VALUES (1, 2, '2010-05-17 01:00:29.999+00');
INSERT INTO driver_vehicle VALUES (2, 3, '2010-05-17 01:00:30+00');
INSERT INTO driver_vehicle VALUES (4, 4, '2010-05-17 01:00:29.999+00');
INSERT INTO driver_vehicle VALUES (4, 1, '2010-05-17 01:31:30+00');
INSERT INTO idempotent_answer VALUES (2, 'demo-a517e3ffc5766b80', '4994e8e28f70aebe6a07818eb732ec9af46d89911cbaba5821acfc18c5af0d4f', '{"ubr": "2119278105", "ccrns": ["6433319050400"], "vehicle": "FV2468", "bundled_at": "2010-05-17T09:00:30+08:00", "crossing": {"immediately": false, "at": "2010-05-17T09:31:00+08:00"}, "state": "live"}', '2010-05-17 01:00:30+00');
INSERT INTO idempotent_answer VALUES (4, 'old-key-1', '7815f723f66fe40a7842d1244ac9ffa5f7772d48201267990fe60f7ab41b5b75', '{"ubr": "8274954225", "ccrns": ["4298320031282"], "vehicle": "AB1234", "bundled_at": "2010-05-17T09:00:30+08:00", "crossing": {"immediately": false, "at": "2010-05-17T09:31:00+08:00"}, "state": "live"}', '2010-05-17 01:00:30+00');
INSERT INTO idempotent_answer VALUES (4, 'old-key-2', '3802451d4c3a161d29dbc26110ee98c91e8694ea3f10210c70e6865f4798c5f1', '{"ubr": "7916948409", "ccrns": ["6732641463111"], "vehicle": "AB1234", "bundled_at": "2010-05-17T09:00:30+08:00", "crossing": {"immediately": false, "at": "2010-05-17T09:31:00+08:00"}, "state": "live"}', '2010-05-17 01:00:30+00');
INSERT INTO idempotent_answer VALUES (4, 'old-key-3', '8b0db4acb9e2d37c74394d7a347c04d7f0b9d02462c2da6274d6b79e8c51b15b', '{"ubr": "7916948409", "ccrns": ["6732641463111"], "vehicle": "AB1234", "bundled_at": "2010-05-17T09:00:30+08:00", "crossing": {"immediately": false, "at": "2010-05-17T09:31:00+08:00"}, "state": "unbundled"}', '2010-05-17 01:00:30+00');
INSERT INTO idempotent_answer VALUES (4, 'old-key-4', '2c2e20e5daa8121b30a082a3233ab3e3d968fc99fb55bd27850f9424d2b4e222', '{"ubr": "5613014630", "ccrns": ["5798712220113"], "vehicle": "AB1234", "bundled_at": "2010-05-17T09:31:30+08:00", "crossing": {"immediately": true, "at": "2010-05-17T09:31:30+08:00"}, "state": "live"}', '2010-05-17 01:31:30+00');
INSERT INTO idempotent_answer VALUES (4, 'old-key-5', 'annulled', 'null', '2010-05-17 01:31:30+00');
INSERT INTO login_session VALUES ('292bf30eac142c68e969b53741a8b189e9c15f954db7b132d258c22980dab3f1', 4, '2010-05-17 01:30:30+00');
INSERT INTO login_session VALUES ('bd23eb7ba9074fbc383ffecdc635d48e66334815e238a3fc0e1220d1dcedcb9e', 4, '2010-05-17 02:01:30+00');
INSERT INTO security_token VALUES (1, 'hotp', 'gAAAAABrDIG1pmP0YfeP6dOQ1S8ry20S6JxB6_twnDN5RSop_mAaKo-0XN_D5yIjDs0d_ccSKcP4yzqkUcNx2-JYQ2hl8nlSrSqKUoIqow5Rxtty1gx741Y=', 6, NULL, 0, 0);
INSERT INTO security_token VALUES (2, 'hotp', 'gAAAAABrDIG1s3fuPZX407k1DQ4QkLI6xcmochjiCjEU84q0odc8Hj9LPHT4iyq4qWM0Fn4fKnZGmk9gqvKlJl4Mx2BAmPP1g3WpLPnWfzJmBtfkYg2U4Ek=', 6, NULL, 0, 0);
INSERT INTO security_token VALUES (3, 'hotp', 'gAAAAABrDIG15ubKxb4caSpWKrd62LPOXZPcdCJTgDlyHyAqc96qLwx0Z1UOXCCwF0U6ljf7TYtMIzD-WiFKAWYgO27s49Vuvh7cuddK429UNTMsD12RbFM=', 6, NULL, 0, 0);
INSERT INTO security_token VALUES (4, 'hotp', 'gAAAAABrDIG16EYrUzR-v2bKFunxk56o_46r4WFpCEoxLt_0uABY6HI1K0SpZ6qkZCYbSuvSvsgSxyw6slcqfAornUDQV3bwduEQN08c-ybQUTap7wiPXJA=', 6, NULL, 2, 0);
INSERT INTO bundled_cargo VALUES (1, 1, 5, 0, true);
INSERT INTO bundled_cargo VALUES (2, 2, 7, 0, true);
INSERT INTO bundled_cargo VALUES (3, 3, 8, 0, false);
INSERT INTO bundled_cargo VALUES (4, 4, 9, 0, false);
SELECT pg_catalog.setval('public.bundle_id_seq', 4, true);
SELECT pg_catalog.setval('public.bundled_cargo_id_seq', 4, true);
SELECT pg_catalog.setval('public.company_id_seq', 4, true);
SELECT pg_catalog.setval('public.consignment_id_seq', 9, true);
SELECT pg_catalog.setval('public.driver_id_seq', 4, true);
SELECT pg_catalog.setval('public.signatory_id_seq', 3, true);
SELECT pg_catalog.setval('public.vehicle_id_seq', 4, true);
