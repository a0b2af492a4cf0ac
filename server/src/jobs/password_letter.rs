//! The letter with a link for a new password.

use sea_orm::EntityTrait;
use serde::{Deserialize, Serialize};

use super::{Failure, Job};
use crate::mail::{Letter, NotSent};
use crate::parts::App;
use crate::secret::RESET_PURPOSE;
use crate::store::entity::{password_reset, person};

/// Mails a link, unless it was used or its time is over. The job holds no secret: the word is made anew from the server's.
/// Run twice, it sends the same letter under the same Message-ID.
#[derive(Serialize, Deserialize)]
pub struct MailReset {
    pub reset_id: String,
}

impl Job for MailReset {
    const KIND: &'static str = "person.mail_reset";

    async fn run(self, app: App) -> Result<(), Failure> {
        let reader = app.store.read();
        let found = password_reset::Entity::find_by_id(self.reset_id.clone())
            .one(reader)
            .await?;
        let open = found.filter(|row| row.used_at.is_none() && app.clock.now() < row.expires_at);
        let Some(row) = open else { return Ok(()) };
        let person = person::Entity::find_by_id(row.person_id.clone())
            .one(reader)
            .await?;
        let Some(person) = person.filter(|person| person.is_active) else {
            return Ok(());
        };
        let address = person.mail_address.clone();
        let (Some(mailer), Some(to_address)) = (&app.mailer, address) else {
            return Err(Failure::Never(
                "there is nobody to bring the letter, or nowhere to bring it".to_owned(),
            ));
        };
        let link = link(&app, &app.secret.word(&format!("{RESET_PURPOSE}{}", row.id)));
        let letter = Letter {
            id: format!("reset-{}", row.id),
            to_name: person.full_name.clone(),
            to_address,
            subject: "Đặt lại mật khẩu Hội Ấn".to_owned(),
            text: text(&person, &link),
            attachments: Vec::new(),
            written_at: row.created_at.to_offset_date_time(),
        };
        match mailer.send(letter).await {
            Ok(_) => Ok(()),
            Err(NotSent::Refused(answer)) => Err(Failure::Never(answer)),
            Err(NotSent::Later(answer)) => Err(Failure::Later(answer)),
        }
    }
}

/// The address of the page on which a new password is chosen. The word stands behind the number sign: a browser sends that
/// to no server, so it comes into no log.
pub fn link(app: &App, word: &str) -> String {
    format!("{}/mat-khau#{word}", app.config.origin())
}

fn text(person: &person::Model, link: &str) -> String {
    format!(
        "Kính gửi đồng chí {},\n\nCó yêu cầu đặt lại mật khẩu cho tài khoản {} trên hệ thống Hội Ấn. Để chọn mật khẩu mới, xin \
         mở liên kết dưới đây trong vòng 24 giờ; liên kết chỉ dùng được một lần:\n\n{link}\n\nNếu đồng chí không yêu cầu, xin \
         bỏ qua thư này: mật khẩu hiện tại vẫn dùng được.\n\n--\nA new password was asked for. The link above opens once, within \
         24 hours. If you did not ask, ignore this letter.\n",
        person.full_name, person.user_name
    )
}
