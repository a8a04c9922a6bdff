"""An MBS that answers from a table, for what no server does on request."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from billbridge.sources.mbs.auth import Credentials
from billbridge.sources.mbs.client import MbsClient, Retries

Answer = Any
"""JSON to answer with, a response, an exception to raise, or a function from the request to one of these."""

ACME = "11111111-0000-4000-8000-000000000001"
BIRCH = "11111111-0000-4000-8000-000000000002"
FRONT = "22222222-0000-4000-8000-000000000001"
BIRCH_USER = "22222222-0000-4000-8000-000000000002"
CORPORATE = "33333333-0000-4000-8000-000000000001"


class FakeMbs:
    """Answers each route with its answers in turn, the last one for ever, and remembers every request."""

    def __init__(self) -> None:
        self.requests: list[httpx2.Request] = []
        self.table: dict[str, list[Answer]] = {}
        self._clients: list[MbsClient] = []

    def answers(self, route: str, *answers: Answer) -> None:
        """Answer `route` ("GET /api/Users") with `answers` from now on."""
        self.table[route] = list(answers)

    def asked(self, route: str) -> list[httpx2.Request]:
        """The requests for `route` so far."""
        return [each for each in self.requests if f"{each.method} {each.url.path}" == route]

    def client(self, address: str = "https://mbs.example", **options: Any) -> MbsClient:
        """A client of this MBS that does not wait between its tries."""
        retries = Retries(attempts=3, first_wait=0, longest_wait=0.05)
        client = MbsClient(
            address,
            Credentials(login="xmkf", password="Secret-7"),
            **{"retries": retries, "transport": httpx2.MockTransport(self._handle), **options},
        )
        self._clients.append(client)
        return client

    def close(self) -> None:
        """Close the clients made here."""
        for client in self._clients:
            client.close()

    def _handle(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        queue = self.table[f"{request.method} {request.url.path}"]
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        if callable(answer) and not isinstance(answer, httpx2.Response):
            answer = answer(request)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx2.Response) else httpx2.Response(200, text=json.dumps(answer))


@pytest.fixture
def mbs() -> Iterator[FakeMbs]:
    """An MBS of three companies, three users, five licenses, three computers, one storage account, one domain."""
    fake = FakeMbs()
    for route, answer in EXAMPLES.items():
        fake.answers(route, copy.deepcopy(answer))
    yield fake
    fake.close()


def _license(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "ID": f"44444444-0000-4000-8000-00000000000{number}",
        "Number": number,
        "ComputerName": None,
        "OperatingSystem": None,
        "IsTrial": False,
        "IsTaken": True,
        "LicenseType": "Server",
        "DateExpired": "2026-04-01T00:00:00",
        "Transaction": "55555555-0000-4000-8000-000000000001",
        "User": None,
        "UserID": None,
    } | fields


_OF_FRONT = {"User": "acme.front", "UserID": FRONT}
_OF_BIRCH = {"User": "birch@birch.example", "UserID": BIRCH_USER}


def _computer(number: int, name: str, company: str, **fields: Any) -> dict[str, Any]:
    return {
        "ComputerHID": f"77777777-0000-4000-8000-00000000000{number}",
        "ComputerName": name,
        "CompanyName": company,
        "UserEmail": "acme.front",
        "UserID": FRONT,
        "License": {"Granted": True, "IsTrial": False, "DisplayExpiresDate": "4/1/2026"},
    } | fields


EXAMPLES: dict[str, Answer] = {
    "POST /api/Provider/Login": {
        "access_token": "fakeEkt8_niPVUeh",
        "token_type": "bearer",
        "expires_in": 1209599,
        "userName": "xmkf",
        ".issued": "Mon, 02 Mar 2026 08:00:00 GMT",
        ".expires": "Mon, 16 Mar 2026 08:00:00 GMT",
    },
    "GET /api/Companies": [
        {"Id": ACME, "Name": "Acme Dental", "StorageLimit": -1, "LicenseSettings": 1, "AllowedLicenses": [0]},
        {"Id": BIRCH, "Name": "Birch & Co, Ltd.", "StorageLimit": 536870912000, "LicenseSettings": 2},
        {"Id": "11111111-0000-4000-8000-000000000003", "Name": "No Mapping GmbH", "StorageLimit": -1},
    ],
    "GET /api/Users": [
        {"ID": FRONT, "Email": "acme.front", "Company": "Acme Dental", "Enabled": True, "SpaceUsed": 745908},
        {"ID": BIRCH_USER, "Email": "birch@birch.example", "Company": "Birch & Co, Ltd.", "Enabled": True},
        {"ID": "22222222-0000-4000-8000-000000000009", "Email": "orphan", "Company": "", "Enabled": False},
    ],
    "GET /api/Licenses": [
        _license(1, ComputerName="ACME-DC01", OperatingSystem="Windows Server 2022", **_OF_FRONT),
        _license(2, ComputerName="ACME-RX7", LicenseType="Desktop", **_OF_FRONT),
        _license(
            3,
            ComputerName="ACME-NEW",
            LicenseType="Ultimate",
            IsTrial=True,
            DateExpired="2026-03-17T00:00:00",
            **_OF_FRONT,
        ),
        _license(4, IsTaken=False, LicenseType="File Backup"),
        _license(
            5,
            ComputerName="OLD-PC",
            LicenseType="MS SQL Server",
            DateExpired="2026-02-28T00:00:00",
            **_OF_BIRCH,
        ),
    ],
    "GET /api/Accounts": [
        {
            "ResellerAccountID": "66666666-0000-4000-8000-000000000001",
            "AccountID": CORPORATE,
            "DateCreated": "2024-01-16T14:34:23.427",
            "DisplayName": "CorporateS3",
            "StorageType": "AmazonS3",
            "Destinations": [{"DestinationID": "d0000000-0000-4000-8000-000000000001", "AccountID": CORPORATE}],
        }
    ],
    "GET /api/Packages": [
        {
            "ID": 27755,
            "Cost": 30.0,
            "Description": "1 TB plan",
            "Enabled": True,
            "Name": "1000 GB",
            "StorageLimit": 1000.0,
            "RestoreLimit": -1.0,
            "UseRestoreLimit": False,
        }
    ],
    "GET /api/Billing": {"CurrentSpaceUsed": 0, "AverageSpaceUsed": 0, "TotalRestore": 0, "StatisticBilling": []},
    "PUT /api/Billing": {
        "CurrentSpaceUsed": 549755813888,
        "AverageSpaceUsed": 536870912000,
        "TotalRestore": 10737418240,
        "StatisticBilling": [
            {
                "UserId": FRONT,
                "Email": "acme.front",
                "FirstName": "Ann",
                "LastName": "Lee",
                "CompanyName": "Acme Dental",
                "AverageSpace": 536870912000,
                "TotalVolumeRestore": 10737418240,
                "PlanCost": 30.0,
                "StorageCost": 25.0,
                "RestoreCost": 1.0,
                "TotalCost": 56.0,
            }
        ],
    },
    "PUT /api/Billing/Details": {
        "TotalBackupBytes": 536870912000,
        "TotalRestoreBytes": 10737418240,
        "UserID": FRONT,
        "UserDetailList": [
            {
                "Computer": "ACME-DC01",
                "SizeBackup": 429496729600,
                "SizeRestore": 10737418240,
                "Prefix": "ACME-DC01",
                "AccountID": CORPORATE,
                "Destination": "acme-bucket",
            },
            {
                "Computer": "ACME-RX7",
                "SizeBackup": 107374182400,
                "SizeRestore": 0,
                "Prefix": "ACME-RX7",
                "AccountID": CORPORATE,
                "Destination": "acme-bucket",
            },
        ],
    },
    "GET /api/apps/domains": [
        {
            "Domain": "acme.example",
            "Storage": "CorporateS3",
            "StorageLimit": {"TotalLimit": -1, "CommandDriveLimit": -1, "OtherServicesLimit": -1},
            "StorageUsage": {"Total": 21474836480},
            "ActivatedLicenses": 14,
        }
    ],
    "GET /api/Computers/0/100": {
        "Count": 3,
        "Message": "Success",
        "StatusCode": 200,
        "Computers": [
            _computer(1, "ACME-DC01", "Acme Dental"),
            _computer(2, "ACME-RX7", "Acme Dental"),
            _computer(3, "ACME-NEW", "Acme Dental", License={"Granted": True, "IsTrial": True}),
        ],
    },
    "GET /api/Computers/0/1": {
        "Count": 1,
        "Message": "Success",
        "StatusCode": 200,
        "Computers": [_computer(1, "ACME-DC01", "Acme Dental")],
    },
}
