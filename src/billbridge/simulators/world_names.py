"""Invented names: companies, people, endpoints. Any likeness to a real business is chance."""

from __future__ import annotations

from random import Random
from uuid import UUID

FIRST_COMPANIES = (
    "Acme Dental",
    "Birch & Co, Ltd.",
    "Harborview Veterinary Clinic",
    "Larkfield Accounting",
    "Müller Sanitär GmbH",
    "Northgate Logistics",
    "Oakhurst Family Law",
    "Pinecrest Elementary School",
    "Quayside Architects",
    "Redfern Engineering",
    "Stonebridge Orthopaedics",
    "Tidewater Marine Supply",
    "Upland Organic Farms",
    "Valemont Wealth Advisors",
    "Westmarch Printing",
    "Yarrow Physiotherapy",
    "Amberley Estate Agents",
    "Brightwell Pharmacy",
    "Copperfield Joinery",
    "Dunmore Haulage",
    "Eastlake Title & Escrow",
    "Fernhill Nursing Home",
    "Glenrowan Wines",
    "Hollis & Daughters Insurance",
    "Ironwood Fabrication",
    "Juniper Street Bakery",
    "Kestrel Aviation Services",
    "Longacre Surveyors",
    "Maple Ridge Dermatology",
    "Nordhavn Fisk A/S",
    "Ortega Tax Partners",
    "Penhallow Solicitors",
    "Quillon Software",
    "Rosedale Community Church",
    "Sable Creek Brewing",
    "Thornbury Auctioneers",
    "Umbria Kitchens",
    "Vantage Point Media",
    "Wexley Chartered Accountants",
    "Zephyr Heating & Cooling",
)
PLACES = (
    "Alder", "Ashcombe", "Barrow", "Beacon", "Cedar", "Chalford", "Crestwood", "Dovecote", "Elmstead",
    "Fairmont", "Foxglove", "Granite", "Hartwell", "Hazel", "Inverlea", "Kingsley", "Lakeshore", "Linden",
    "Marlowe", "Meadow", "Millbrook", "Norwood", "Orchard", "Parkside", "Primrose", "Ravenna", "Ridgeway",
    "Saltmarsh", "Silverdale", "Summit", "Tamarack", "Thistle", "Underhill", "Verity", "Waverley", "Willow",
    "Windermere", "Wychwood", "Yewtree",
)  # fmt: skip
TRADES = (
    "Dental Group", "Law Office", "Motors", "Electrical", "Roofing", "Veterinary Practice", "Care Homes",
    "Plumbing", "Primary School", "Construction", "Financial Planning", "Property Management", "Optics",
    "Freight", "Landscapes", "Radiology", "Hotels", "Textiles", "Chiropractic", "Consulting", "Foods",
    "Marketing", "Precision Tools", "Paediatrics", "Recruitment", "Storage Solutions", "Theatre Company",
    "Timber", "Travel", "Upholstery",
)  # fmt: skip
OTHER_TRADES = (
    "Catering", "Photography", "Pest Control", "Stationers", "Locksmiths", "Couriers", "Tyres", "Florists",
)  # fmt: skip
FIRST_NAMES = (
    "Ann", "Ben", "Carla", "David", "Elena", "Farid", "Grace", "Hugo", "Imani", "Jonas", "Katja", "Liam",
    "Maya", "Nils", "Olivia", "Pavel", "Quentin", "Rosa", "Samir", "Tessa", "Ursula", "Victor", "Wendy",
    "Yusuf", "Zoe",
)  # fmt: skip
LAST_NAMES = (
    "Abbott", "Baker", "Castillo", "Dahl", "Eriksen", "Ferreira", "Gupta", "Hughes", "Ivanova", "Jansen",
    "Keller", "Lee", "Moreau", "Novak", "Okafor", "Park", "Quinn", "Rossi", "Schmidt", "Tanaka", "Underwood",
    "Vance", "Weiss",
)  # fmt: skip
UMLAUTS = {"ü": "ue", "ä": "ae", "ö": "oe", "Ü": "Ue", "Ä": "Ae", "Ö": "Oe"}
STOP_WORDS = frozenset(("and", "the", "of"))


def company_name(number: int) -> str:
    """The name of the company with this number, from 0; no two numbers share one."""
    if number < len(FIRST_COMPANIES):
        return FIRST_COMPANIES[number]
    return _combined(number - len(FIRST_COMPANIES), TRADES)


def other_customer_name(number: int) -> str:
    """The name of a business that is a customer of the provider but no user of its backup service."""
    return _combined(number, OTHER_TRADES)


def _combined(number: int, trades: tuple[str, ...]) -> str:
    # Each walk over the places starts one trade further on: no pair comes twice before all of them came.
    turn, position = divmod(number, len(PLACES) * len(trades))
    walk, place = divmod(position, len(PLACES))
    name = f"{PLACES[place]} {trades[(walk + place) % len(trades)]}"
    return name if turn == 0 else f"{name} {turn + 1}"


def guid(random: Random) -> str:
    """A random GUID in lower case."""
    return str(UUID(int=random.getrandbits(128), version=4))


def letters(name: str) -> str:
    """The ASCII letters and digits of a name, umlauts written out."""
    plain = "".join(UMLAUTS.get(char, char) for char in name)
    kept = "".join(char for char in plain if char.isascii() and (char.isalnum() or char == " "))
    return kept.strip() or "Company"


def endpoint_prefix(company: str) -> str:
    """What a company's endpoints are called by: ACME for Acme Dental."""
    return letters(company).split()[0][:8].upper()


def mail_domain(company: str) -> str:
    """A domain of a company, below the reserved name example."""
    words = [word.lower() for word in letters(company).split() if word.lower() not in STOP_WORDS]
    return "-".join(words[:2]) + ".example"


def short_login(company: str) -> str:
    """The first word of a company in lower case, as people choose it for a login."""
    return letters(company).split()[0].lower()
