//! How everyone's line is: told by the browsers, read by who looks after the lines, taken along after the meeting.

use hoian_tests::Server;
use serde_json::{Value, json};

use crate::conference::{ask, hall};

fn own_line(round_trip_ms: u32) -> Value {
    json!({ "type": "line", "line": {
        "lost_permille": 70, "concealed_permille": 20, "round_trip_ms": round_trip_ms, "jitter_ms": 9, "freezes": 2,
        "down_kbps": 800, "up_kbps": 300, "way": "udp",
    } })
}

#[tokio::test]
async fn the_technical_host_reads_the_lines_live_and_takes_them_along_when_all_is_over() {
    let server = Server::start().await;
    let hall = hall(&server).await;
    let mut people = hall.everyone(&server).await;
    let guest = people.last_mut().unwrap();
    guest.say(own_line(45)).await;
    guest.say(json!({ "type": "ping", "id": 1 })).await;
    guest.hear("pong").await;
    let host = server.log_in("vanthu").await;
    let path = format!("/api/v1/meetings/{}/lines", hall.meeting.id);
    let lines = ask(&host, &path).await;
    assert_eq!(lines["is_running"], true);
    let now = lines["now"].as_array().unwrap();
    assert_eq!(now.len(), 5, "{lines}");
    let line = now.iter().find(|line| line["name"] == "Khách").unwrap();
    for (field, value) in [
        ("round_trip_ms", json!(45)),
        ("down_lost_permille", json!(70)),
        ("concealed_permille", json!(20)),
        ("freezes", json!(2)),
        ("way", json!("udp")),
        ("up_kbps", Value::Null),
    ] {
        assert_eq!(line[field], value, "{field} of {line}");
    }
    let silent = now.iter().find(|line| line["name"] != "Khách").unwrap();
    assert_eq!(
        silent["round_trip_ms"],
        Value::Null,
        "nothing is made up: {silent}"
    );

    // Two at once: the second comes too soon to be heard.
    guest.say(own_line(999)).await;
    guest.say(json!({ "type": "ping", "id": 2 })).await;
    guest.hear("pong").await;
    let again = ask(&host, &path).await.to_string();
    assert!(
        again.contains("\"round_trip_ms\":45") && !again.contains("\"round_trip_ms\":999"),
        "{again}"
    );

    people[0].say(json!({ "type": "end" })).await;
    people[0].hear("ended").await;
    let after = ask(&host, &path).await;
    assert_eq!(after["now"], json!([]));
    let whole = after["whole"].as_array().unwrap().iter();
    let guest = whole.clone().find(|row| row["name"] == "Khách").unwrap();
    assert_eq!(guest["round_trip_ms"]["highest"], 45, "{guest}");
    assert_eq!(guest["freezes"]["total"], 2);
    let table = host.get(&format!("{path}/table")).send().await.unwrap();
    assert_eq!(table.headers()["content-type"], "text/csv; charset=utf-8");
    let table = table.text().await.unwrap();
    let row = table.lines().find(|row| row.starts_with("\"Khách\",")).unwrap();
    assert!(
        row.starts_with("\"Khách\",\"UDP\",") && row.contains(",\"45\",\"45\","),
        "{table}"
    );
    assert_eq!(table.lines().count(), 6, "a heading and five people");
}

#[tokio::test]
async fn who_does_not_look_after_the_lines_learns_nothing_of_them() {
    let server = Server::start().await;
    let hall = hall(&server).await;
    let path = format!("/api/v1/meetings/{}/lines", hall.meeting.id);
    for (user_name, status) in [
        ("chutich", 200),
        ("chuyenvien", 200),
        ("vanthu", 200),
        ("vanthu.sonv", 403),
        ("vanthu.anphu", 403),
    ] {
        let person = server.log_in(user_name).await;
        for path in [path.clone(), format!("{path}/table")] {
            let answer = person.get(&path).send().await.unwrap();
            assert_eq!(answer.status(), status, "{user_name} at {path}");
        }
    }
}

#[tokio::test]
async fn a_line_that_cannot_be_is_malformed() {
    let server = Server::start().await;
    let hall = hall(&server).await;
    let mut guest = hall.everyone(&server).await.pop().unwrap();
    let mut line = own_line(45);
    line["line"]["lost_permille"] = json!(1_001);
    guest.say(line).await;
    let error = guest.hear("error").await;
    assert_eq!(error["error"], "malformed");
}
