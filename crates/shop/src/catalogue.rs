//! What the shop sells.

use serde::Serialize;

/// Something on the shelf.
#[derive(Debug, Serialize)]
pub(crate) struct Product {
    /// Names it in forms, and its picture in `templates/pictures.html`.
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    pub(crate) detail: &'static str,
    /// Paise for one.
    pub(crate) price: i64,
}

/// The most of one product in one order.
pub(crate) const QUANTITY_MAX: i64 = 10;

/// Everything on the shelf.
pub(crate) const PRODUCTS: [Product; 4] = [
    Product {
        code: "chai",
        name: "Masala chai, 250 g",
        detail: "Assam leaf with cardamom, ginger and black pepper",
        price: 25_000,
    },
    Product {
        code: "kulhad",
        name: "Kulhad cups, set of six",
        detail: "Terracotta, unglazed, from Khurja",
        price: 48_000,
    },
    Product {
        code: "kettle",
        name: "Brass kettle, 1.5 litres",
        detail: "Beaten by hand in Moradabad, tinned inside",
        price: 185_000,
    },
    Product {
        code: "service",
        name: "Silver tea service",
        detail: "Pot, sugar, milk and tray; hallmarked",
        price: 10_000_000,
    },
];

/// The product of that code.
pub(crate) fn product(code: &str) -> Option<&'static Product> {
    PRODUCTS.iter().find(|product| product.code == code)
}
