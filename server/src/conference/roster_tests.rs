use super::*;

fn person(id: &str) -> Entrant {
    Entrant {
        identity: Identity::Person(PersonId(id.into())),
        name: DisplayName::parse(id).expect("a name"),
        title: None,
        role: Role::Delegate,
        site: None,
        keeps_media: false,
    }
}

fn guest(name: &str) -> Entrant {
    Entrant {
        identity: Identity::Guest,
        role: Role::Guest,
        ..person(name)
    }
}

fn enter(roster: &mut Roster, entrant: Entrant, place: Option<&str>) -> Entry {
    let number = roster.generations as u128 + 1;
    roster
        .enter(
            entrant,
            place,
            (Uuid::from_u128(number), format!("place {number}")),
        )
        .expect("there is room")
}

fn states(roster: &Roster, id: Uuid) -> Vec<(Source, TrackState)> {
    let participant = roster.participant(id).expect("is here");
    participant
        .tracks
        .into_iter()
        .map(|track| (track.source, track.state))
        .collect()
}

#[test]
fn a_person_who_comes_again_takes_their_own_seat() {
    let mut roster = Roster::default();
    let first = enter(&mut roster, person("quan"), None);
    enter(&mut roster, person("ha"), None);
    let again = enter(&mut roster, person("quan"), None);
    assert_eq!(again.ticket.id, first.ticket.id);
    assert_eq!(again.replaced, Some(first.ticket));
    let names: Vec<String> = roster.participants().into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["quan", "ha"], "the position is kept");
    assert!(
        !roster.lose(first.ticket, crate::clock::instant()),
        "the old socket no longer counts"
    );
    assert!(!roster.leave(first.ticket));
}

#[test]
fn a_guest_finds_the_seat_only_by_its_place() {
    let mut roster = Roster::default();
    let first = enter(&mut roster, guest("khách"), None);
    assert_ne!(
        enter(&mut roster, guest("khách"), None).ticket.id,
        first.ticket.id
    );
    assert_ne!(
        enter(&mut roster, guest("khách"), Some("place 77")).ticket.id,
        first.ticket.id
    );
    assert_eq!(
        enter(&mut roster, guest("khách"), Some(&first.place)).ticket.id,
        first.ticket.id
    );
    assert_ne!(
        enter(&mut roster, person("quan"), Some(&first.place)).ticket.id,
        first.ticket.id,
        "a person is no guest"
    );
}

#[test]
fn a_lost_seat_is_kept_for_thirty_seconds() {
    let start = crate::clock::instant();
    let mut roster = Roster::default();
    let entry = enter(&mut roster, guest("khách"), None);
    assert!(roster.lose(entry.ticket, start));
    assert_eq!(
        roster.participant(entry.ticket.id).expect("kept").presence,
        Presence::Lost
    );
    assert_eq!(roster.next_expiry(), Some(start + SEAT_KEPT));
    assert!(
        roster
            .expire(start + SEAT_KEPT - Duration::from_millis(1))
            .is_empty()
    );

    let back = enter(&mut roster, guest("khách"), Some(&entry.place));
    assert_eq!((back.ticket.id, back.replaced), (entry.ticket.id, None));
    assert!(
        roster.expire(start + 2 * SEAT_KEPT).is_empty(),
        "who is back is not sent away"
    );

    assert!(roster.lose(back.ticket, start));
    assert_eq!(roster.expire(start + SEAT_KEPT), [entry.ticket.id]);
    assert!(roster.is_empty());
}

#[test]
fn the_state_of_a_track_is_what_the_server_sees() {
    let mut roster = Roster::default();
    let Entry { ticket, .. } = enter(&mut roster, person("quan"), None);
    assert!(roster.publish(ticket, &[Source::Microphone]));
    assert_eq!(
        states(&roster, ticket.id),
        [(Source::Microphone, TrackState::Muted)],
        "starts muted"
    );
    roster.see(ticket.id, Source::Microphone, true);
    assert_eq!(
        states(&roster, ticket.id),
        [(Source::Microphone, TrackState::Muted)],
        "muted whatever arrives"
    );
    roster.mute(ticket, Source::Microphone, false);
    assert_eq!(
        states(&roster, ticket.id),
        [(Source::Microphone, TrackState::Live)]
    );
    roster.see(ticket.id, Source::Microphone, false);
    assert_eq!(
        states(&roster, ticket.id),
        [(Source::Microphone, TrackState::Silent)]
    );
    assert!(roster.publish(ticket, &[Source::Camera]));
    assert_eq!(
        states(&roster, ticket.id),
        [(Source::Camera, TrackState::Muted)],
        "no longer published"
    );
}

#[test]
fn who_shares_last_has_the_stage() {
    let mut roster = Roster::default();
    let quan = enter(&mut roster, person("quan"), None).ticket;
    let ha = enter(&mut roster, person("ha"), None).ticket;
    for ticket in [quan, ha] {
        roster.publish(ticket, &[Source::Screen, Source::ScreenAudio]);
    }
    assert_eq!(roster.mute(quan, Source::Screen, false), Some(vec![]));
    assert_eq!(roster.mute(quan, Source::ScreenAudio, false), Some(vec![]));
    assert_eq!(roster.mute(ha, Source::Screen, false), Some(vec![quan.id]));
    assert!(
        states(&roster, quan.id)
            .iter()
            .all(|(_, state)| *state == TrackState::Muted)
    );
    assert_eq!(
        roster.mute(ha, Source::Screen, true),
        Some(vec![]),
        "giving back takes nothing from others"
    );
}

#[test]
fn a_full_room_lets_nobody_more_in() {
    let mut roster = Roster::default();
    for number in 0..PARTICIPANTS {
        enter(&mut roster, guest(&format!("khách {number}")), None);
    }
    let refused = roster.enter(guest("một khách nữa"), None, (Uuid::from_u128(0), String::new()));
    assert_eq!(refused, Err(ErrorName::RoomFull));
}
