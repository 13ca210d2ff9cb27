//! Decoding allocates nothing, whatever the input claims. Counted by the allocator itself.

#![allow(
    unsafe_code,
    reason = "an allocator cannot be written without; this one only counts"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

use toon_wire::{
    Address, Amount, BtpFrame, BtpType, Codec, Condition, Dialect, Expiry, Fulfill, Fulfillment,
    Mode, Packet, Prepare, ProtocolData, ProtocolEntry, Reject, RejectCode,
};

thread_local! {
    /// Per thread, because other tests allocate meanwhile.
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from `System.alloc` with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

fn codecs() -> impl Iterator<Item = Codec> {
    [Dialect::Toon, Dialect::Rfc]
        .into_iter()
        .flat_map(|dialect| [Mode::Strict, Mode::Lenient].map(|mode| Codec::new(dialect, mode)))
}

fn samples(data: &[u8]) -> [Packet<'_>; 3] {
    let destination = Address::new("g.b.x").unwrap();
    [
        Packet::Prepare(Prepare {
            amount: Amount::from(1_000),
            expires_at: Expiry::from_unix_millis(1_795_339_902_642),
            condition: Condition::for_data(data),
            destination,
            data,
        }),
        Packet::Fulfill(Fulfill {
            fulfillment: Fulfillment::for_data(data),
            data,
        }),
        Packet::Reject(Reject {
            code: RejectCode::F02,
            triggered_by: Some(destination),
            message: "no route".into(),
            data,
        }),
    ]
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(black_box(vec![1_u8]))), 1);
}

#[test]
fn decoding_a_frame_and_its_packet_allocates_nothing() {
    let data = vec![7; 32_768];
    for codec in codecs() {
        for packet in samples(&data) {
            let mut ilp = Vec::new();
            codec.encode_packet(&packet, &mut ilp).unwrap();
            let entries = [ProtocolEntry::new("x", ProtocolEntry::TEXT, b"y")];
            let list = ProtocolData::new(&entries);
            let frame = BtpFrame::data(7, BtpType::Message, list, &ilp);
            let mut bytes = Vec::new();
            codec.encode_frame(&frame, &mut bytes).unwrap();

            let count = allocations(|| {
                let frame = codec.decode_frame(black_box(&bytes)).unwrap();
                let packet = codec.decode_packet(frame.ilp()).unwrap();
                black_box(frame.protocol_data().iter().count());
                black_box(packet);
            });
            assert_eq!(count, 0, "{codec:?}");
        }
    }
}

#[test]
fn lengths_that_lie_reserve_nothing() {
    let toon_frames: [&[u8]; 4] = [
        b"\x06\0\0\0\x07\x01\x03ilp\0\0\xff\xff\xff\xff",
        b"\x06\0\0\0\x07\0\xff\xff\xff\xff",
        b"\x06\0\0\0\x07\xff",
        b"\x02\0\0\0\x07\x03F00\0\0\xff\xff\xff\xff",
    ];
    let rfc_frames: [&[u8]; 4] = [
        b"\x06\0\0\0\x07\x84\xff\xff\xff\xff",
        b"\x06\0\0\0\x07\x88\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x06\0\0\0\x07\x05\x04\xff\xff\xff\xff",
        b"\x06\0\0\0\x07\x0c\x01\x01\x01x\0\x86\xff\xff\xff\xff\xff\xff",
    ];
    let packets: [&[u8]; 3] = [
        b"\x0e\x84\xff\xff\xff\xff",
        b"\x0eF00\x88\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x0eF00\xff",
    ];
    for codec in codecs() {
        let frames = match codec.dialect() {
            Dialect::Toon => toon_frames,
            Dialect::Rfc => rfc_frames,
        };
        let count = allocations(|| {
            for bytes in frames {
                assert!(codec.decode_frame(bytes).is_err());
            }
            for bytes in packets {
                assert!(codec.decode_packet(bytes).is_err());
            }
        });
        assert_eq!(count, 0, "{codec:?}");
    }
}
