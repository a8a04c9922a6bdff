"""The pages of Settings > HaloPSA, a module for each tab."""
