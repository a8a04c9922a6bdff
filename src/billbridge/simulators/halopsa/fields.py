"""The fields of each entity with their types, as the OpenAPI document names them (subscriptions: the 2026 list).

A word is `name:type`; types are int, num (double), str, bool, date (date-time) and any (objects and arrays, kept as
they were sent).
Only fields that a billing integration meets are here; HaloPSA accepts and ignores every other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast, get_args

FieldType = Literal["int", "num", "str", "bool", "date", "any"]
Fields = Mapping[str, FieldType]


def declare(words: str) -> Fields:
    """Fields from `name:type` words."""
    pairs = [word.split(":") for word in words.split()]
    assert all(kind in get_args(FieldType) for _, kind in pairs)
    return {name: cast("FieldType", kind) for name, kind in pairs}


CLIENT = declare("""
    id:int name:str toplevel_id:int toplevel_name:str inactive:bool colour:str confirmemail:int actionemail:int
    clearemail:int messagegroup_id:int mailbox_override:int default_mailbox_id:int calldate:date item_tax_code:int
    service_tax_code:int prepay_tax_code:int contract_tax_code:int customfields:any pritech:int sectech:int
    accountmanagertech:int notes:str thirdpartynhdapiurl:str xeroid:str use:str key:int logo:str accountsid:str
    excludefrominvoicesync:bool kashflow_tenant_id:int client_to_invoice:int client_to_invoice_recurring:int
    invoiceduedaysextraclient:int itglue_id:str clientcurrency:str default_currency_code:int cautomateid:int
    dbc_company_id:str stopped:int customertype:int customer_relationship:any customer_relationship_list:str ref:str
    is_vip:bool taxable:bool is_account:bool main_site_id:int main_site_name:str website:str
    newclient_sitename:str newclient_contactname:str newclient_contactemail:str newclient_timezone:str
""")

SITE = declare("""
    id:int name:str client_id:num client_name:str clientsite_name:str inactive:bool sla_id:int phonenumber:str
    colour:str timezone:str invoice_address_isdelivery:bool notes:str isstocklocation:bool messagegroup_id:int
    isinvoicesite:bool geocoord1:num geocoord2:num stopped:int client_to_invoice:int client_to_invoice_recurring:int
    default_client_currency_code:int default_currency_code:int itglue_id:str maincontact_id:int maincontact_name:str
    site_item_tax_code:int ref:str key:int use:str customfields:any
""")

ASSET_TYPE = declare("""
    guid:str id:int name:str assetgroup_id:int assetgroup_name:str keyfield_id:int keyfield_name:str
    keyfield2_id:int keyfield2_name:str keyfield3_id:int keyfield3_name:str manufacturer:int supplier1:int
    weeklycost:num monthlycost:num quarterlycost:num sixmonthlycost:num yearlycost:num twoyearlycost:num
    threeyearlycost:num fouryearlycost:num fiveyearlycost:num show_to_users:bool fields:any item_code:str
    default_item:int tagprefix:str linkedcontracttype:int fiid:int finame:str visibility_level:int
    licence_visibility:int licence_tab:int use:str
""")

ASSET_GROUP = declare("""
    guid:str id:int name:str connector:bool showasitem:bool showasequip:bool showwarningifonrequest:bool
    moveassetonrequest:bool defaultsite:int items_in_group_no_consign:bool sequence:int isfixedasset:bool
    default_quantity_decimal_places:int item_recurring_default:bool item_assettype_default:int
    item_billing_period_default:int tcsnote:str
""")

SUPPLIER = declare("""
    id:int name:str toplevel_id:int toplevel_name:str contact_name:str email_address:str support_email_address:str
    phone_number:str mobile:str inactive:bool emailtemplate_id:int logo:str messagegroup_id:int
    supplier_mailbox_address:str supplier_mailbox_override:int thirdpartynhdapiurl:str use:str website:str
    notes:str accounts_id:str portal_url:str default_currency_code:int is_supplier:bool is_manufacturer:bool
    customfields:any
""")

LICENCE = declare("""
    id:int use:str key:int type:int name:str count:num consumedcount:int client_id:int site_id:int client_name:str
    site_name:str purchase_price:num start_date:date snowid:str manufacturer:str notes:str licences_in_use:num
    licences_in_use_user:num licences_in_use_user_for_billing:num licences_available:num supplier_id:int
    supplier_name:str licence_client_name:str vendor:str licence_roles:any end_date:date tenant_id:str
    tenant_name:str name_extra:str deleted:bool assigned_at_deletion:int billing_cycle:str term_duration:str
    status:str autorenew:bool offerid:str third_party_product:str third_party_productid:str
    third_party_productname:str price:num monthly_price:num monthly_cost:num distributor:str is_active:bool
    azure_connection_id:int requested_quantity:int requested_quantity_date:date _details_id:int snow_client_id:int
    thirdparty_client_id:str product_sku:str vendor_product_sku:str parent_id:int configuration_items:any
    add_configuration_items:any licence_match:any device_child_id:int device_count:int item_id:int linked_item:str
    _create_recurring_invoice_line:bool allow_licence_update:bool external_link_id:int third_party_client_name:str
    new_external_link:any _isimport:bool _importtype:str _importtypeid:int _importthirdpartyid:str
    import_details_id:int _isupdateimport:bool _match_thirdparty_id:str _match_integration_id:int
""")

LICENCE_CHANGE = declare("""
    id:int licence_id:int field_id:int field_name:str old_value:str new_value:str who:str user_id:int user_name:str
    datetime:date
""")

ITEM = declare("""
    id:int use:str name:str status:int assetgroup_id:int assetgroup_name:str supplier_part_code:str description:str
    internalreference:str externalreference:str quantity_in_stock:num baseprice:num created_by:int supplier_id:int
    supplier_name:str manufacturer_id:int assettype_id:int assettype_name:str taxcode:int costprice:num
    accountsid:str costingmethod:int nominalcode:str markupperc:num isrecurringitem:bool recurringprice:num
    recurringcost:num iscontractitem:bool dontinvoice:bool doesnotneedconsigning:bool dont_track_stock:bool
    taxable:bool datecreated:date item_default_billing_period:int update_recurring_invoice_price:bool
    update_recurring_invoice_cost:bool item_suppliers:any customfields:any
""")

CONTRACT = declare("""
    id:int client_id:int client_name:str ref:str refextra:str refextra2:str start_date:date end_date:date
    started:bool expired:bool numberofunitsfree:num billingperiod:int billingdescription:int billingcategory:int
    subtype:int status:int site_id:int site_name:str sla_id:int next_invoice_date:date
    periodicinvoicenextdate:date periodchargeamount:num note:str contract_status:str contracttype:int
    contracttype_name:str createdby_id:int createdby_name:str active:bool key:int last_modified:date
    accounts_override_mailbox:int cost_calculation:str customfields:any
""")

INVOICE = declare("""
    id:int use:str client_id:int client_name:str sitenumber:int site_name:str accountsid:str invoicenumber:str
    posted:bool name:str invoice_date:date dateposted:date duedate:date due_date_type:int due_date_int:int
    startdate:date enddate:date period_start_date:date period_end_date:date period:int period_type:int
    nextcreationdate:date nextcreationperiod:str lastcreated:date schedule_id:int is_recurring_invoice:bool
    recurring_invoice_id:int disabled:bool paymentstatus:int amountdue:num amountpaid:num total:num tax_total:num
    revenue:num currency:str currency_code:int currency_conversion_rate:num reference:str notes_1:str notes_2:str
    notes_3:str internal_note:str reviewrequired:bool invoice_prorata_periods_ahead:int contract_id:int
    contract_ref:str contains_calculated_quantity:bool last_modified:date date_created:date lines:any add_lines:any
    customfields:any
""")

INVOICE_LINE = declare("""
    id:int ihid:int item_code:str item_shortdescription:str item_longdescription:str _itemid:int nominal_code:str
    tax_code:str qty_order:num unit_price:num unit_cost:num net_amount:num tax_amount:num tax_rate:num asset_id:int
    contract_id:int recurring_invoice_id:int recurring_invoice_line_id:int startdate:date enddate:date
    autorenew:bool isinactive:bool billingperiod:int sequenceid:int group_id:int supplier:int supplier_name:str
    recurring_invoice_quantity_type:int quantity_custom:int quantity_users:any quantity_assets:any
    quantity_licences:any quantity_subscriptions:any prorata_data:any createproratanormallines:int
    createproratadate:date prorata_next_invoice:bool prorata_quantity:num prorata_unit_price:num
    _is_calculated_line:bool customfields:any
""")

LINE_QUANTITY = declare("""
    id:int invoice_line_id:int kind:int type_id:int type_name:str device_group_id:int device_group_name:str
    site_id:int site_name:str licence_id:int licence_name:str assigned_licences:bool qty_free:int minimum_qty:int
    pro_rata:int criteria:any use_linked_subscription_price:bool use_linked_subscription_cost:bool
""")

CURRENCY = declare("id:int name:str symbol:str code:str conversion_rate:num last_updated:date")

TAX = declare("id:int name:str code:str value:num is_composite:bool third_party_desc:str")

AGENT = declare("""
    id:int name:str email:str initials:str is_agent:bool isdisabled:bool jobtitle:str colour:str licence_type:int
    team:str
""")
