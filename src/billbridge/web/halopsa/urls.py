"""Addresses of Settings > HaloPSA: each tab has its own."""

from __future__ import annotations

from django.urls import path

from billbridge.web.halopsa.views import asset_types, billing, connection, lists, mapping, prices

app_name = "halopsa"
urlpatterns = [
    path("", billing.billing, name="billing"),
    path("additional-settings/", billing.additional_settings, name="additional-settings"),
    path("cost-price/", prices.cost_price, name="cost-price"),
    path("cost-price/remove/", prices.remove, name="remove-price"),
    path("connection/", connection.connection, name="connection"),
    path("connection/test/", connection.test, name="test-connection"),
    path("mapping/", mapping.mapping, name="mapping"),
    path("mapping/exact/", mapping.exact, name="map-exact"),
    path("mapping/<id:pk>/", mapping.company, name="map-company"),
    path("asset-types/", asset_types.asset_types, name="asset-types"),
    path("asset-types/items/", asset_types.items, name="asset-type-items"),
    path("refresh/", lists.refresh, name="refresh"),
]
