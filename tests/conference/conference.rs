//! A conference with a chair, a secretary, a technical host, two sites and a guest's link.

use hoian_tests::{Client, Server};
use serde_json::{Value, json};

use crate::person::{Meeting, Person};

/// A conference that `chutich` chairs.
pub struct Hall {
    pub meeting: Meeting,
    /// The links of the sites' rooms: the main site, then An Phú.
    pub site_codes: Vec<String>,
    /// The seat of a delegate who has not come.
    pub absent_seat: String,
}

/// Ids of people by their full name.
pub async fn people(client: &Client) -> impl Fn(&str) -> Value {
    let people = ask(client, "/api/v1/people").await;
    move |name: &str| {
        let found = people["items"].as_array().unwrap().iter();
        found.clone().find(|one| one["full_name"] == name).expect(name)["id"].clone()
    }
}

pub async fn ask(client: &Client, path: &str) -> Value {
    let answer = client.get(path).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.unwrap()
}

/// The plan of the conference, to be called or changed.
pub async fn plan(client: &Client) -> Value {
    let id = people(client).await;
    json!({
        "title": "Hội nghị cải cách hành chính", "kind": "conference", "place": "Hội trường tỉnh",
        "sites": [{ "name": "Hội trường tỉnh", "is_main": true }, { "name": "Xã An Phú", "agency_id": "agency-anphu" }],
        "members": [
            { "person_id": id("Phạm Quốc Anh"), "role": "secretary", "site": 0 },
            { "person_id": id("Lê Thị Hoa"), "role": "technical_host", "site": 0 },
            { "person_id": id("Vũ Thị Mai"), "role": "delegate" },
            { "person_id": id("Hoàng Văn Nam"), "role": "delegate" },
        ],
        "agencies": [{ "agency_id": "agency-anphu", "site": 1 }],
        "items": [{ "title": "Báo cáo quý IV", "presenter": "Sở Nội vụ", "minutes": 15 }, { "title": "Thảo luận", "minutes": 30 }],
    })
}

/// Calls the conference.
pub async fn hall(server: &Server) -> Hall {
    let chair = server.log_in("chutich").await;
    let body = plan(&chair).await;
    let answer = chair.post("/api/v1/meetings").json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
    let called: Value = answer.json().await.unwrap();
    let id = called["id"].as_str().unwrap().to_owned();
    let prepared = ask(&chair, &format!("/api/v1/meetings/{id}/preparation")).await;
    let code = |site: &Value| site["link_code"].as_str().unwrap().to_owned();
    let roll = ask(&chair, &format!("/api/v1/meetings/{id}/roll")).await;
    let absent = roll["entries"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["name"] == "Hoàng Văn Nam");
    Hall {
        meeting: Meeting {
            id,
            code: called["link_code"].as_str().unwrap().to_owned(),
        },
        site_codes: prepared["sites"].as_array().unwrap().iter().map(code).collect(),
        absent_seat: absent.expect("was called")["seat"].as_str().unwrap().to_owned(),
    }
}

impl Hall {
    /// Chair, secretary, technical host, a delegate and a guest, all of them in.
    pub async fn everyone(&self, server: &Server) -> Vec<Person> {
        let mut people = Vec::new();
        for user_name in ["chutich", "chuyenvien", "vanthu", "vanthu.sonv"] {
            let mut person = Person::member(server, &self.meeting, user_name).await;
            person.join(None, None).await;
            people.push(person);
        }
        let mut guest = Person::guest(server, &self.meeting).await;
        guest.join(Some("Khách"), None).await;
        people.push(guest);
        people
    }

    /// The socket of a site's room.
    pub async fn room(&self, server: &Server, site: usize) -> Person {
        let origin = server.origin();
        Person::open(
            server,
            &self.meeting.id,
            Some(&self.site_codes[site]),
            None,
            Some(&origin),
        )
        .await
        .expect("the site's link opens")
    }
}
