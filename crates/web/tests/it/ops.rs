//! Operations: what a healthy and a sick platform says of itself.

use domain::time::Timestamp;

use crate::world::{NOW, World, sale};

#[tokio::test]
async fn a_platform_that_can_work_is_ready() {
    let world = World::new().await;
    assert_eq!(world.get("/healthz").await.summary(), "200 alive");
    insta::assert_snapshot!(world.get("/readyz").await.summary());

    world.clock.set(Timestamp(NOW.0 + 10_001));
    insta::assert_snapshot!(world.get("/readyz").await.summary());
    world.heartbeat.beat(Timestamp(NOW.0 + 10_001));
    assert_eq!(world.get("/readyz").await.status, 200);

    let remove = |tx: &mut dyn store::Tx| -> Result<usize, store::StoreError> {
        tx.execute("DROP TABLE project", &[])
    };
    world.platform.store().write(remove).await.unwrap();
    insta::assert_snapshot!(world.get("/readyz").await.summary());
    assert_eq!(world.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn what_happens_is_counted() {
    let world = World::new().await;
    world.sale(sale("p-1")).await;
    world.post("/v2/payment/status", "{").await;
    let answer = world.get("/metrics").await;
    assert_eq!(answer.status, 200);
    let value = |series: &str| {
        let line = answer.body.lines().find(|line| line.starts_with(series));
        let value = line.unwrap_or_else(|| panic!("no {series} in {}", answer.body));
        value.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()
    };
    assert_eq!(value("dwar_payment_events_total{event=\"sale_accepted\"}"), 1);
    assert_eq!(value("dwar_gate_refusals_total{code=\"2003\"}"), 1);
    let latency = "dwar_http_request_duration_seconds_count";
    assert_eq!(value(&format!("{latency}{{route=\"sale\",status=\"200\"}}")), 1);
    assert_eq!(value(&format!("{latency}{{route=\"status\",status=\"400\"}}")), 1);
    // Three projects, a block of numbers and the sale.
    assert_eq!(value("dwar_store_commits_total"), 5);
    assert!(value("dwar_store_groups_total") <= 5);
    assert_eq!(value("dwar_store_last_group_size"), 1);
    assert_eq!(value("dwar_store_write_queue_depth"), 0);
    assert_eq!(value("dwar_store_read_queue_depth"), 0);
    // How much of the log is in use depends on when it was last put back.
    let _wal_bytes = value("dwar_store_wal_bytes");
    assert_eq!(value("dwar_store_durable"), 1);
    assert_eq!(value("dwar_jobs_running"), 0);
}
