//! Lists of agencies and people: tried, refused whole, taken in whole, handed out; on both databases.

use hoian_server::store::entity::{agency, membership, password_reset, person};
use hoian_tests::{Client, Server};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

use crate::asking::{get, log_in, on_both_databases, post};

const HEAD: &str = "Tên đăng nhập;Họ và tên;Mã định danh;Vai trò;Chức vụ;Thư điện tử\n";

async fn send(client: &Client, list: &str, file: &str, apply: bool) -> (u16, Value) {
    let path = format!("/api/v1/admin/lists/{list}?apply={apply}");
    let request = client
        .post(&path)
        .header("content-type", "text/csv")
        .body(file.to_owned());
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn file(client: &Client, path: &str) -> String {
    let response = client.get(path).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/csv; charset=utf-8");
    String::from_utf8(response.bytes().await.unwrap().to_vec()).unwrap()
}

/// How many rows a list may add to.
async fn rows(server: &Server) -> [u64; 4] {
    let reader = server.app().store.read();
    [
        agency::Entity::find().count(reader).await.unwrap(),
        person::Entity::find().count(reader).await.unwrap(),
        membership::Entity::find().count(reader).await.unwrap(),
        password_reset::Entity::find().count(reader).await.unwrap(),
    ]
}

#[tokio::test]
async fn a_list_is_tried_first_then_taken_in_and_says_the_same_twice() {
    on_both_databases(async |server: Server| {
        let admin = server.log_in("quantri").await;
        let before = rows(&server).await;
        // A parent may stand below its child.
        let agencies = "\u{feff}Mã định danh,Tên cơ quan,Ký hiệu,Loại,Mã cấp trên,Địa danh\r\n\
            H99.02.01,Chi cục Văn thư,CCVT,Sở,H99.90,Lam Giang\r\n\
            H99.90,\"Sở Mới, lớn\",SM,sở,H99,Lam Giang\r\n";
        let (status, tried) = send(&admin, "agencies", agencies, false).await;
        assert_eq!((status, &tried["is_applied"]), (200, &json!(false)), "{tried}");
        assert_eq!(tried["added"].as_array().unwrap().len(), 2);
        assert_eq!(rows(&server).await, before, "a trial changes nothing");
        let (_, done) = send(&admin, "agencies", agencies, true).await;
        assert_eq!(
            (&done["is_applied"], &done["failing"]),
            (&json!(true), &json!([]))
        );
        let (_, again) = send(&admin, "agencies", agencies, true).await;
        assert_eq!(
            (again["added"].as_array().unwrap().len(), &again["unchanged"]),
            (0, &json!(2))
        );

        let people = format!(
            "{HEAD}moi.mot;Lê Thị Một;H99.90;Lãnh đạo;Giám đốc;mot@langiang.test\n\
             moi.hai;Trần Hai;H99.90;Văn thư;Văn thư;\n\
             moi.hai;Trần Hai;H99.02.01;Chuyên viên;Chuyên viên;\n\
             vanthu;Lê Thị Hoa;H99;Văn thư;Văn thư;\n"
        );
        let before = rows(&server).await;
        let (_, tried) = send(&admin, "people", &people, false).await;
        assert_eq!(
            (tried["added"].as_array().unwrap().len(), &tried["unchanged"]),
            (3, &json!(1)),
            "{tried}"
        );
        assert_eq!(tried["handed"], json!([]), "nothing is handed out on trial");
        assert_eq!(rows(&server).await, before);
        let (_, done) = send(&admin, "people", &people, true).await;
        assert_eq!(done["is_applied"], json!(true), "{done}");
        let now = rows(&server).await;
        assert_eq!(now, [before[0], before[1] + 2, before[2] + 3, before[3] + 2]);

        // Nobody logs in before they have chosen a password by their link.
        let handed = &done["handed"][0];
        assert_eq!(handed["user_name"], "moi.mot");
        assert!(
            handed["one_time_code_secret"].is_string(),
            "a leader needs a code"
        );
        assert_eq!(log_in(&server, "moi.mot", "").await.1, 401);
        let word = handed["link"]
            .as_str()
            .unwrap()
            .split_once("/mat-khau#")
            .unwrap()
            .1;
        let chosen = json!({ "word": word, "password": "một câu dễ nhớ" });
        assert_eq!(
            post(&server.client(), "/api/v1/password-resets/redemption", chosen)
                .await
                .0,
            204
        );
        let (person, status) = log_in(&server, "moi.mot", "một câu dễ nhớ").await;
        assert_eq!(status, 201);
        let (_, session) = get(&person, "/api/v1/session").await;
        assert_eq!(session["mail_address"], "mot@langiang.test");

        // What is handed out is taken in again as it is.
        let exported = file(&admin, "/api/v1/admin/lists/people").await;
        let (_, same) = send(&admin, "people", &exported, true).await;
        assert_eq!(
            (&same["failing"], &same["added"]),
            (&json!([]), &json!([])),
            "{exported}"
        );
        let exported = file(&admin, "/api/v1/admin/lists/agencies").await;
        let (_, same) = send(&admin, "agencies", &exported, true).await;
        assert_eq!(
            (&same["failing"], &same["unchanged"]),
            (&json!([]), &json!(5)),
            "{exported}"
        );
    })
    .await;
}

#[tokio::test]
async fn where_one_line_fails_nothing_is_taken_in_and_every_reason_is_told() {
    on_both_databases(async |server: Server| {
        let admin = server.log_in("quantri").await;
        let before = rows(&server).await;
        let people = format!(
            "{HEAD}tot;Lê Thị Tốt;H99.02;Văn thư;Văn thư;\n\
             sai;Lê Sai;H98;Văn thư;Văn thư;\n\
             sai2;;H99.02;Văn thư;Văn thư;\n\
             chutich;Tên Khác;H99;Lãnh đạo;Chủ tịch;\n"
        );
        for apply in [false, true] {
            let (status, outcome) = send(&admin, "people", &people, apply).await;
            assert_eq!((status, &outcome["is_applied"]), (200, &json!(false)));
            let failing = outcome["failing"].as_array().unwrap();
            let told: Vec<_> = failing.iter().map(|one| (one["line"].as_u64().unwrap(), one["reason_vi"].as_str().unwrap())).collect();
            assert_eq!(told.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 4, 5], "{outcome}");
            assert!(told[0].1.contains("H98") && told[1].1.contains("Họ và tên") && told[2].1.contains("Đã có"), "{told:?}");
            assert_eq!(rows(&server).await, before);
        }
        let circle = "Mã định danh;Tên cơ quan;Ký hiệu;Loại;Mã cấp trên;Địa danh\nH1;A;A;Sở;H2;X\nH2;B;B;Sở;H1;X\nH3;C;C;Sở;;X\n";
        let (_, outcome) = send(&admin, "agencies", circle, true).await;
        assert_eq!(outcome["failing"].as_array().unwrap().len(), 2, "{outcome}");
        assert_eq!(rows(&server).await, before);
    })
    .await;
}

#[tokio::test]
async fn who_administers_one_agency_takes_in_its_people_alone() {
    let server = Server::start().await;
    let province = server.log_in("quantri").await;
    let body = json!({
        "user_name": "quantri.sonv", "full_name": "Quản Trị", "agency_id": "agency-snv", "role": "administrator", "position": "Quản trị",
    });
    let (_, made) = post(&province, "/api/v1/admin/people", body).await;
    let (admin, _) = log_in(&server, "quantri.sonv", made["first_password"].as_str().unwrap()).await;
    let (status, _) = send(&admin, "agencies", "Mã định danh\n", false).await;
    assert_eq!(status, 403);
    let people = format!("{HEAD}a.mot;Lê Một;H99.02;Văn thư;Văn thư;\na.hai;Lê Hai;H99;Lãnh đạo;Chủ tịch;\n");
    let (_, outcome) = send(&admin, "people", &people, true).await;
    assert_eq!(
        (&outcome["is_applied"], &outcome["failing"][0]["line"]),
        (&json!(false), &json!(3))
    );
    let exported = file(&admin, "/api/v1/admin/lists/people").await;
    assert!(
        exported.contains("giamdoc.sonv") && !exported.contains("chutich"),
        "{exported}"
    );
    let template = file(&admin, "/api/v1/admin/lists/people/template").await;
    assert_eq!(template, format!("\u{feff}{}\r\n", HEAD.trim()));
}

#[tokio::test]
async fn nothing_that_is_handed_out_runs_in_a_spreadsheet() {
    let server = Server::start().await;
    let admin = server.log_in("quantri").await;
    let body = json!({
        "user_name": "congthuc", "full_name": "=HYPERLINK(1)", "agency_id": "agency-snv", "role": "officer", "position": "+84 905",
    });
    assert_eq!(post(&admin, "/api/v1/admin/people", body).await.0, 201);
    let exported = file(&admin, "/api/v1/admin/lists/people").await;
    assert!(
        exported.contains(";'=HYPERLINK(1);") && exported.contains(";'+84 905;"),
        "{exported}"
    );
}
