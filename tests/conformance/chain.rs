//! Rules of paths (RFC 5280 section 6): what authorities may do, and what they let those below them do.

use hoian_signer::cms::ber::{element, tag};
use hoian_signer::validate::{Indication, SignatureReport, SubIndication};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, GeneralSubtree, IsCa, KeyUsagePurpose, NameConstraints,
    SanType,
};
use time::OffsetDateTime;
use time::macros::datetime;

use super::world::{Holder, Span, extension, first, policy, sequence, sign};

const SPAN: Span = (datetime!(2024-01-01 00:00 UTC), datetime!(2034-01-01 00:00 UTC));
const NOW: OffsetDateTime = datetime!(2026-11-24 00:00 UTC);

type Change = Box<dyn FnOnce(&mut CertificateParams)>;

fn change(change: impl FnOnce(&mut CertificateParams) + 'static) -> Change {
    Box::new(change)
}

/// The report on a paper signed by a person below an authority below a root.
fn judged(authority: Change, person: Change) -> SignatureReport {
    let root = Holder::root("Gốc", SPAN);
    let authority = root.authority("Cấp chứng thư", SPAN, authority);
    let person = authority.person("Hà", SPAN, person);
    first(&sign(&person.key, None, NOW), &policy(&root, NOW))
}

#[track_caller]
fn passes(report: &SignatureReport) {
    assert_eq!(report.indication, Indication::TotalPassed, "{report:#?}");
}

/// Refused as a chain, with a reason that holds `part`.
#[track_caller]
fn breaks(report: &SignatureReport, part: &str) {
    assert_eq!(
        (report.indication, report.sub_indication),
        (
            Indication::Indeterminate,
            Some(SubIndication::ChainConstraintsFailure)
        ),
        "{part}: {report:#?}"
    );
    assert!(report.reasons[0].contains(part), "{part}: {report:#?}");
}

fn subtrees(permitted: &[GeneralSubtree], excluded: &[GeneralSubtree]) -> Change {
    let constraints = NameConstraints {
        permitted_subtrees: permitted.to_vec(),
        excluded_subtrees: excluded.to_vec(),
    };
    change(|parameters| parameters.name_constraints = Some(constraints))
}

fn directory(organisation: &str) -> GeneralSubtree {
    let mut name = rcgen::DistinguishedName::new();
    name.push(DnType::CountryName, "VN");
    name.push(DnType::OrganizationName, organisation);
    GeneralSubtree::DirectoryName(name)
}

fn bears(names: &[SanType]) -> Change {
    let names = names.to_vec();
    change(move |parameters| parameters.subject_alt_names = names)
}

fn mail(address: &str) -> SanType {
    SanType::Rfc822Name(address.try_into().unwrap())
}

fn host(name: &str) -> SanType {
    SanType::DnsName(name.try_into().unwrap())
}

fn nothing() -> Change {
    change(|_| {})
}

const OUTSIDE: &str = "outside the name constraints";

#[test]
fn names_lie_where_the_authorities_above_let_them() {
    passes(&judged(subtrees(&[directory("Kiểm thử")], &[]), nothing()));
    breaks(
        &judged(subtrees(&[directory("Nơi khác")], &[]), nothing()),
        OUTSIDE,
    );
    breaks(
        &judged(subtrees(&[], &[directory("Kiểm thử")]), nothing()),
        OUTSIDE,
    );
    passes(&judged(subtrees(&[], &[directory("Nơi khác")]), nothing()));

    let province = || {
        subtrees(
            &[
                GeneralSubtree::Rfc822Name("lamgiang.gov.vn".into()),
                GeneralSubtree::DnsName("lamgiang.gov.vn".into()),
            ],
            &[GeneralSubtree::DnsName("cu.lamgiang.gov.vn".into())],
        )
    };
    passes(&judged(
        province(),
        bears(&[mail("ha@lamgiang.gov.vn"), host("so.lamgiang.gov.vn")]),
    ));
    for names in [
        vec![mail("ha@example.com")],
        vec![mail("ha@lamgiang.gov.vn"), host("lamgiang.gov.vn.example.com")],
        vec![host("so.cu.lamgiang.gov.vn")],
    ] {
        breaks(&judged(province(), bears(&names)), OUTSIDE);
    }
    // A kind that no subtree speaks of is free.
    passes(&judged(
        province(),
        bears(&[SanType::URI("https://example.com/".try_into().unwrap())]),
    ));
}

#[test]
fn addresses_and_networks_lie_where_the_authorities_above_let_them() {
    // A URI's subtree, which the maker of certificates has no word for: permitted [0] { { [6] ".gov.vn" } }.
    let uri = || {
        change(|parameters| {
            let subtree = element(tag::SEQUENCE, &element(0x86, b".gov.vn"));
            let value = element(tag::SEQUENCE, &element(0xA0, &subtree));
            parameters
                .custom_extensions
                .push(extension(&[2, 5, 29, 30], value, true));
        })
    };
    let at = |address: &str| bears(&[SanType::URI(address.try_into().unwrap())]);
    passes(&judged(uri(), at("https://ca.gov.vn/x")));
    breaks(&judged(uri(), at("https://ca.gov.vn.example.com/x")), OUTSIDE);
    breaks(&judged(uri(), at("https://10.0.0.1/x")), OUTSIDE);

    let network = || {
        subtrees(
            &[GeneralSubtree::IpAddress(rcgen::CidrSubnet::from_v4_prefix(
                [10, 0, 0, 0],
                8,
            ))],
            &[],
        )
    };
    let at = |address: [u8; 4]| bears(&[SanType::IpAddress(address.into())]);
    passes(&judged(network(), at([10, 1, 2, 3])));
    breaks(&judged(network(), at([11, 1, 2, 3])), OUTSIDE);
}

#[test]
fn a_root_s_own_constraints_hold_for_all_below() {
    let root = Holder::root_with("Gốc", SPAN, |parameters| {
        parameters.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![directory("Nơi khác")],
            excluded_subtrees: Vec::new(),
        });
    });
    let person = root.person("Hà", SPAN, |_| {});
    breaks(
        &first(&sign(&person.key, None, NOW), &policy(&root, NOW)),
        OUTSIDE,
    );
}

/// certificatePolicies with these last arcs under a training arc; 0 is anyPolicy.
fn policies(arcs: &[u8]) -> (Vec<u64>, Vec<u8>) {
    let information = arcs.iter().map(|arc| sequence(&[policy_of(*arc)]));
    (vec![2, 5, 29, 32], sequence(&information.collect::<Vec<_>>()))
}

fn policy_of(arc: u8) -> Vec<u8> {
    let identifier: &[u8] = match arc {
        0 => &[0x55, 0x1D, 32, 0],
        arc => &[0x2B, 6, 1, 4, 1, 0x86, 0x8D, 0x1F, arc],
    };
    element(tag::OBJECT_IDENTIFIER, identifier)
}

fn with(extensions: Vec<(Vec<u64>, Vec<u8>)>) -> Change {
    change(move |parameters| {
        for (identifier, value) in extensions {
            parameters
                .custom_extensions
                .push(extension(&identifier, value, true));
        }
    })
}

/// policyConstraints: requireExplicitPolicy, inhibitPolicyMapping.
fn constraints(explicit: Option<u8>, mapping: Option<u8>) -> (Vec<u64>, Vec<u8>) {
    let skip = |kind, count: Option<u8>| count.map_or_else(Vec::new, |count| element(kind, &[count]));
    (
        vec![2, 5, 29, 36],
        sequence(&[skip(0x80, explicit), skip(0x81, mapping)]),
    )
}

const POLICY: &str = "bears no certificate policy";

#[test]
fn policies_are_carried_down_where_an_authority_asks_for_them() {
    let explicit = || constraints(Some(0), None);
    // Nobody asks: any policies, or none.
    passes(&judged(with(vec![policies(&[1])]), with(vec![policies(&[2])])));
    passes(&judged(nothing(), nothing()));
    passes(&judged(
        with(vec![explicit(), policies(&[1, 2])]),
        with(vec![policies(&[2])]),
    ));
    passes(&judged(
        with(vec![explicit(), policies(&[0])]),
        with(vec![policies(&[2])]),
    ));
    breaks(
        &judged(with(vec![explicit(), policies(&[1])]), with(vec![policies(&[2])])),
        POLICY,
    );
    breaks(&judged(with(vec![explicit(), policies(&[1])]), nothing()), POLICY);
    breaks(
        &judged(with(vec![explicit()]), with(vec![policies(&[2])])),
        POLICY,
    );
    // The one judged may ask for itself.
    breaks(&judged(nothing(), with(vec![explicit(), policies(&[2])])), POLICY);
}

#[test]
fn any_policy_counts_until_it_is_inhibited() {
    let inhibited = |count: u8| (vec![2, 5, 29, 54], element(tag::INTEGER, &[count]));
    let chain = |count: Option<u8>| {
        let mut extensions = vec![constraints(Some(0), None), policies(&[1])];
        extensions.extend(count.map(inhibited));
        judged(with(extensions), with(vec![policies(&[0])]))
    };
    passes(&chain(None));
    passes(&chain(Some(1)));
    breaks(&chain(Some(0)), POLICY);
}

#[test]
fn policies_are_mapped_until_that_is_inhibited() {
    let mapping = |from: u8, to: u8| {
        let pair = sequence(&[policy_of(from), policy_of(to)]);
        (vec![2, 5, 29, 33], sequence(&[pair]))
    };
    let explicit = || constraints(Some(0), None);
    let mapped = |person: u8| {
        judged(
            with(vec![explicit(), policies(&[1]), mapping(1, 2)]),
            with(vec![policies(&[person])]),
        )
    };
    passes(&mapped(2));
    breaks(&mapped(1), POLICY);
    // Any policy is nobody's to map (section 6.1.4 (a)).
    breaks(
        &judged(
            with(vec![policies(&[1]), mapping(0, 2)]),
            with(vec![policies(&[2])]),
        ),
        "unknown critical extension 2.5.29.33",
    );
    // Inhibited by the one above.
    let root = Holder::root("Gốc", SPAN);
    let upper = root.authority(
        "Trên",
        SPAN,
        with(vec![constraints(Some(0), Some(0)), policies(&[1])]),
    );
    let lower = upper.authority("Dưới", SPAN, with(vec![policies(&[1]), mapping(1, 2)]));
    let person = lower.person("Hà", SPAN, with(vec![policies(&[2])]));
    breaks(&first(&sign(&person.key, None, NOW), &policy(&root, NOW)), POLICY);
}

#[test]
fn authorities_need_their_marks_and_keep_to_the_length_they_are_given() {
    breaks(
        &judged(change(|one| one.is_ca = IsCa::ExplicitNoCa), nothing()),
        "is no certification authority",
    );
    breaks(
        &judged(
            change(|one| one.key_usages = vec![KeyUsagePurpose::DigitalSignature]),
            nothing(),
        ),
        "may not sign certificates",
    );
    let root = Holder::root("Gốc", SPAN);
    let upper = root.authority("Trên", SPAN, |one| {
        one.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    });
    let lower = upper.authority("Dưới", SPAN, |_| {});
    let (near, far) = (
        upper.person("Hà", SPAN, |_| {}),
        lower.person("Lan", SPAN, |_| {}),
    );
    passes(&first(&sign(&near.key, None, NOW), &policy(&root, NOW)));
    breaks(
        &first(&sign(&far.key, None, NOW), &policy(&root, NOW)),
        "allows no path this long",
    );
}

#[test]
fn the_signer_s_key_must_be_for_signing_and_no_critical_extension_may_be_unknown() {
    breaks(
        &judged(
            nothing(),
            change(|one| one.key_usages = vec![KeyUsagePurpose::KeyEncipherment]),
        ),
        "the key may not sign documents",
    );
    let unknown = |critical| {
        change(move |one: &mut CertificateParams| {
            one.custom_extensions
                .push(extension(&[1, 3, 6, 1, 4, 1, 99_999, 1], vec![5, 0], critical));
        })
    };
    passes(&judged(nothing(), unknown(false)));
    passes(&judged(unknown(false), nothing()));
    for report in [judged(nothing(), unknown(true)), judged(unknown(true), nothing())] {
        breaks(&report, "unknown critical extension 1.3.6.1.4.1.99999.1");
    }
    // One that is known, and says what cannot be read.
    let broken = change(|one| {
        one.custom_extensions
            .push(extension(&[2, 5, 29, 30], vec![0x30, 2, 0xA0, 9], true));
    });
    let report = judged(broken, nothing());
    assert_eq!(report.indication, Indication::Indeterminate, "{report:#?}");
}
