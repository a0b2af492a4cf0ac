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
    // Of what is answered, of the house, and of the process; a path that is no route adds no name.
    let _ = server.client().get("/api/v1/session").send().await.unwrap();
    let _ = server.client().get("/khong-co/trang-nay").send().await.unwrap();
    let (_, text) = ask(Some("s3cret")).await;
    for line in [
        "hoian_http_answers_total{method=\"GET\",route=\"/metrics\",status=\"404\"} 2\n",
        "hoian_http_answers_total{method=\"GET\",route=\"/api/v1/session\",status=\"401\"} 1\n",
        "hoian_health{part=\"database\"} 0\n",
        "# TYPE hoian_http_answer_seconds histogram\n",
        "\nhoian_disk_free_bytes ",
        "\nhoian_jobs_waiting ",
        "\nhoian_sessions_open 0\n",
        "\nprocess_resident_memory_bytes ",
    ] {
        assert!(text.contains(line), "{line} of {text}");
    }
    assert!(!text.contains("khong-co"), "{text}");
    let mut names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "each figure is declared once: {text}");
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
