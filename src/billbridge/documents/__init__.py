"""Bills as files: the customer's statement as PDF, the provider's figures with their evidence as XLSX and CSV.

Everything here is made from one value, the `BillDocument`; nothing here reads the store or knows Django.
"""
