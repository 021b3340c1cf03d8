//! Both encodings against a plain array of registers, and known answers of redis-server 7.0.15.

use super::*;
use proptest::prelude::*;

fn raise_all(hll: &mut Hll<Vec<u8>>, proposals: &[Proposal], sparse_bytes_max: usize) {
    for &proposal in proposals {
        hll.raise(proposal, sparse_bytes_max)
            .expect("it is not corrupted");
    }
}

fn registers_of(hll: &Hll<Vec<u8>>) -> Box<Registers> {
    let mut registers = Box::new([0; REGISTERS]);
    hll.merge_into(&mut registers).expect("it is not corrupted");
    registers
}

fn proposals() -> impl Strategy<Value = Vec<Proposal>> {
    // Few registers close together, so that runs are split and joined.
    let register = prop_oneof![0..40usize, 16350..REGISTERS, 0..REGISTERS];
    let proposal = (register, prop_oneof![1..4u8, 30..34u8])
        .prop_map(|(register, value)| Proposal { register, value });
    prop::collection::vec(proposal, 0..200)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn both_encodings_agree_with_an_array(proposals in proposals(), sparse_bytes_max in prop_oneof![Just(0usize), Just(60), Just(3000)]) {
        let mut expected = Box::new([0u8; REGISTERS]);
        let mut hll = Hll::empty();
        for &proposal in &proposals {
            let register = &mut expected[proposal.register];
            let raised = hll.raise(proposal, sparse_bytes_max);
            prop_assert_eq!(raised, Ok(*register < proposal.value));
            *register = proposal.value.max(*register);
        }
        prop_assert_eq!(&registers_of(&hll)[..], &expected[..]);
        prop_assert_eq!(hll.count(), Ok(count_registers(&expected)));
        hll.make_dense().expect("it is not corrupted");
        prop_assert_eq!(&registers_of(&hll)[..], &expected[..]);
        prop_assert_eq!(hll.count(), Ok(count_registers(&expected)));
        prop_assert!(Hll::check(hll.into_bytes()).is_ok());
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..60), proposals in proposals()) {
        let mut hll = Hll::check([&Hll::empty().into_bytes()[..HEADER_BYTES], &bytes].concat()).expect("the header is right");
        let _ = hll.count();
        let _ = hll.describe();
        for proposal in proposals {
            if hll.raise(proposal, 100).is_err() {
                break;
            }
        }
    }
}

#[test]
fn counts_are_close() {
    let mut hll = Hll::empty();
    for (until, error_max) in [(10u64, 0), (100, 2), (1000, 30), (100_000, 3000)] {
        let proposals: Vec<_> = (0..until).map(|n| Proposal::of(&n.to_le_bytes())).collect();
        raise_all(&mut hll, &proposals, 3000);
        let count = hll.count().expect("it is not corrupted");
        assert!(count.abs_diff(until) <= error_max, "{count} of {until}");
    }
    assert_eq!(hll.encoding(), Encoding::Dense);
}

#[test]
fn an_empty_one_is_one_run() {
    let hll = Hll::empty();
    assert_eq!(hll.bytes(), b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\0\x7f\xff");
    assert_eq!(hll.cached_count(), Some(0));
    assert_eq!(hll.describe().as_deref(), Some("Z:16384"));
}

#[test]
fn headers_are_checked() {
    let good = Hll::empty().into_bytes();
    let mut dense = Hll::empty();
    dense.make_dense().expect("it is not corrupted");
    let dense = dense.into_bytes();
    for (bytes, known) in [
        (&good[..], true),
        (&good[..16], true),
        (&good[..15], false),
        (b"HYLX\x01\0\0\0\0\0\0\0\0\0\0\0", false),
        (b"HYLL\x02\0\0\0\0\0\0\0\0\0\0\0", false),
        (&dense, true),
        (&dense[..dense.len() - 1], false),
    ] {
        assert_eq!(Hll::check(bytes).is_ok(), known, "{bytes:?}");
    }
}
