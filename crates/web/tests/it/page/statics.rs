//! What browsers load besides the pages, and what they may keep.

use super::{follow, open, params, signed};
use crate::world::World;

#[tokio::test]
async fn only_what_can_never_change_is_kept_for_ever() {
    let world = World::new().await;
    let page = open(&world, &signed(&params(&[]))).await.body;
    let address = |file: &str| {
        let rest = page.split_once(&format!("/shared/{file}?v=")).unwrap().1;
        format!("/shared/{file}?v={}", rest.split_once('"').unwrap().0)
    };
    let forever = "public, max-age=31536000, immutable";
    for (path, kept) in [
        (address("page.js"), forever),
        (address("page.css"), forever),
        ("/shared/page.js?v=whatever".to_owned(), "no-cache"),
        ("/shared/page.css?v=".to_owned(), "no-cache"),
        ("/shared/page.js".to_owned(), "no-cache"),
        (format!("{}&x=1", address("page.js")), "no-cache"),
        ("/shared/merchant.js".to_owned(), "public, max-age=300"),
        ("/shared/merchant.css".to_owned(), "public, max-age=300"),
        ("/shared/merchant.js?v=1".to_owned(), "public, max-age=300"),
    ] {
        let first = world.get(&path).await;
        assert_eq!((first.status, first.header("cache-control")), (200, Some(kept)), "{path}");
        let tag = first.header("etag").unwrap().to_owned();
        for (known, status) in [
            (tag.clone(), 304),
            (format!("W/{tag}"), 304),
            (format!("\"other\", {tag}"), 304),
            ("*".to_owned(), 304),
            ("\"other\"".to_owned(), 200),
            (tag.trim_matches('"').to_owned(), 200),
        ] {
            let header = format!("If-None-Match: {known}\r\n");
            let again = follow(&world, &path, &header).await;
            assert_eq!(again.status, status, "{path}: {known}");
            assert_eq!(again.body.is_empty(), status == 304, "{path}: {known}");
            assert_ne!(again.header("content-length"), Some("0"), "{path}: {known}");
            for name in ["etag", "cache-control", "access-control-allow-origin"] {
                assert_eq!(again.header(name), first.header(name), "{path}: {name}");
            }
        }
    }
}
