//! What a Prometheus reads.

use hoian_tests::Server;

#[tokio::test]
async fn who_has_the_token_reads_the_counters_and_nobody_else_learns_that_they_are_there() {
    let server = Server::start_with(|config| config.http.metrics_token = Some("s3cret".to_owned())).await;
    let ask = async |token: Option<&str>| {
        let mut request = server.client().get("/metrics");
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    assert_eq!(ask(None).await.0, 404);
    assert_eq!(ask(Some("s3cre")).await.0, 404);
    let (status, text) = ask(Some("s3cret")).await;
    assert_eq!(status, 200);
    assert!(
        text.contains("# TYPE hoian_media_received_packets_total counter\n"),
        "{text}"
    );
    let closed = Server::start().await;
    let response = closed
        .client()
        .get("/metrics")
        .bearer_auth("")
        .send()
        .await
        .unwrap();
    assert_eq!(
        response.status(),
        404,
        "without a token in the settings nobody may"
    );
}
