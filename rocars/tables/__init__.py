"""The tables of ROCARS, one file a concept."""

from rocars.tables.base import SCHEMA_VERSION, Base, SchemaVersion
from rocars.tables.bundling import Bundle, BundledCargo, IdempotentAnswer
from rocars.tables.cargo import Consignment
from rocars.tables.registration import Company, Driver, DriverVehicle, Signatory, Vehicle
from rocars.tables.security import LoginFailures, LoginSession, SecurityToken

__all__ = [
    "SCHEMA_VERSION",
    "Base",
    "Bundle",
    "BundledCargo",
    "Company",
    "Consignment",
    "Driver",
    "DriverVehicle",
    "IdempotentAnswer",
    "LoginFailures",
    "LoginSession",
    "SchemaVersion",
    "SecurityToken",
    "Signatory",
    "Vehicle",
]
