//! Whatever comes to the port harms nobody.

use hoian_server::media::Source;
use hoian_server::media::sfu::PublishedTrack;
use proptest::prelude::*;
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;

use crate::peer::{Peer, World};
use crate::scene::{ALICE, Scene, headers, open};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Nothing that comes to the port may panic or be answered, from strangers or from a connected peer.
    #[test]
    fn garbage_is_dropped_and_the_rest_goes_on(
        garbage in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 1..60),
        first in proptest::sample::select(vec![0u8, 1, 20, 22, 23, 63, 64, 128, 144, 191, 255]),
    ) {
        let mut scene = Scene::new(SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm);
        scene.frame(true);
        for mut datagram in garbage {
            if let Some(byte) = datagram.first_mut() {
                *byte = first;
            }
            for from in [scene.publisher.address, scene.viewer.address, "10.9.9.9:9".parse().unwrap()] {
                scene.world.deliver(from, &datagram);
            }
        }
        scene.world.sent.clear();
        prop_assert_eq!(headers(&scene.frame(true)).len(), 1);
    }

    /// A real datagram with any byte changed harms nobody.
    #[test]
    fn a_damaged_check_or_packet_harms_nobody(at in 0usize..2_000, value in any::<u8>()) {
        let mut scene = Scene::new(SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm);
        scene.frame(true);
        for mut datagram in [scene.publisher.check(None), scene.camera.next(true).seal(&scene.publisher)] {
            let place = at % datagram.len();
            datagram[place] ^= value;
            scene.world.deliver(scene.publisher.address, &datagram);
        }
        scene.world.sent.clear();
        prop_assert_eq!(headers(&scene.frame(true)).len(), 1);
    }

    /// An offer with any piece cut out or doubled is refused or taken, never a panic.
    #[test]
    fn a_damaged_offer_never_panics(from in 0usize..1_200, length in 0usize..300, doubled in any::<bool>()) {
        let mut world = World::new(1);
        let room = open(&mut world);
        let member = world.sfu.join(world.now, room, ALICE, &mut world.outbox).unwrap();
        let whole = offer_once();
        let from = from.min(whole.len());
        let to = (from + length).min(whole.len());
        let middle = if doubled { whole[from..to].repeat(2) } else { String::new() };
        let damaged = format!("{}{middle}{}", &whole[..from], &whole[to..]);
        let tracks = [PublishedTrack { mid: "1".to_owned(), source: Source::Camera }];
        let _ = world.sfu.publish(world.now, member, &damaged, &tracks, &mut world.outbox);
    }
}

fn offer_once() -> String {
    static OFFER: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    OFFER.get_or_init(|| Peer::gcm(4001).offer()).clone()
}
