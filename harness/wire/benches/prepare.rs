//! Encoding and decoding a PREPARE of 64 bytes and of 32 KiB, in both dialects and by the crate
//! `interledger-packet`, in one run: `cargo bench -p toon-wire`.
//!
//! `decode` reads every field and borrows the payload. `interledger-packet` takes over a buffer
//! of its own, which is made outside of what is measured, as is its destruction. `decode_frame`
//! and `encode_frame` add the BTP frame around the packet, for which that crate has nothing.
//! Throughput counts payload bytes. The allocations that are printed are those of one call.

use bytes_0_4::BytesMut;
use divan::counter::BytesCount;
use divan::{AllocProfiler, Bencher, black_box};
use interledger_packet as theirs;
use toon_wire::{
    Address, Amount, BtpFrame, Codec, Condition, Dialect, Expiry, Mode, Packet, Prepare,
};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const SIZES: [usize; 2] = [64, 32 * 1024];
const TOON: Codec = Codec::new(Dialect::Toon, Mode::Lenient);
const RFC: Codec = Codec::new(Dialect::Rfc, Mode::Lenient);
const RFC_STRICT: Codec = Codec::new(Dialect::Rfc, Mode::Strict);
const DESTINATION: &str = "g.home-b.service.account-0001";

fn main() {
    divan::main();
}

fn prepare(data: &[u8]) -> Packet<'_> {
    Packet::Prepare(Prepare {
        amount: Amount::from(1_000_000),
        expires_at: Expiry::from_unix_millis(1_795_339_902_642),
        condition: Condition([7; 32]),
        destination: Address::new(DESTINATION).expect("an address"),
        data,
    })
}

fn packet_bytes(codec: Codec, size: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let data = vec![0x5a; size];
    codec
        .encode_packet(&prepare(&data), &mut bytes)
        .expect("encodes");
    bytes
}

fn frame_bytes(codec: Codec, size: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    codec
        .encode_frame(
            &BtpFrame::message(7, &packet_bytes(codec, size)),
            &mut bytes,
        )
        .expect("encodes");
    bytes
}

#[divan::bench_group]
mod decode {
    use super::*;

    fn ours(bencher: Bencher<'_, '_>, codec: Codec, size: usize) {
        let bytes = packet_bytes(codec, size);
        bencher
            .counter(BytesCount::new(size))
            .bench(|| black_box(codec).decode_packet(black_box(&bytes)));
    }

    #[divan::bench(args = SIZES)]
    fn toon(bencher: Bencher<'_, '_>, size: usize) {
        ours(bencher, TOON, size);
    }

    #[divan::bench(args = SIZES)]
    fn rfc(bencher: Bencher<'_, '_>, size: usize) {
        ours(bencher, RFC, size);
    }

    #[divan::bench(args = SIZES)]
    fn rfc_strict(bencher: Bencher<'_, '_>, size: usize) {
        ours(bencher, RFC_STRICT, size);
    }

    #[divan::bench(args = SIZES)]
    fn interledger_packet(bencher: Bencher<'_, '_>, size: usize) {
        let bytes = packet_bytes(RFC, size);
        bencher
            .counter(BytesCount::new(size))
            .with_inputs(|| BytesMut::from(bytes.clone()))
            .bench_values(theirs::Packet::try_from);
    }
}

#[divan::bench_group]
mod encode {
    use super::*;

    fn ours(bencher: Bencher<'_, '_>, codec: Codec, size: usize) {
        let data = vec![0x5a; size];
        bencher.counter(BytesCount::new(size)).bench(|| {
            let mut out = Vec::new();
            black_box(codec)
                .encode_packet(black_box(&prepare(&data)), &mut out)
                .map(|()| out)
        });
    }

    #[divan::bench(args = SIZES)]
    fn toon(bencher: Bencher<'_, '_>, size: usize) {
        ours(bencher, TOON, size);
    }

    #[divan::bench(args = SIZES)]
    fn rfc(bencher: Bencher<'_, '_>, size: usize) {
        ours(bencher, RFC, size);
    }

    #[divan::bench(args = SIZES)]
    fn interledger_packet(bencher: Bencher<'_, '_>, size: usize) {
        let data = vec![0x5a; size];
        let destination: theirs::Address = DESTINATION.parse().expect("an address");
        let expires_at = Expiry::from_unix_millis(1_795_339_902_642)
            .to_system_time()
            .expect("within reach of the clock");
        bencher.counter(BytesCount::new(size)).bench(|| {
            theirs::PrepareBuilder {
                amount: black_box(1_000_000),
                expires_at,
                execution_condition: &[7; 32],
                destination: destination.clone(),
                data: black_box(&data),
            }
            .build()
        });
    }
}

#[divan::bench_group]
mod decode_frame {
    use super::*;

    fn ours(bencher: Bencher<'_, '_>, codec: Codec, size: usize) {
        let bytes = frame_bytes(codec, size);
        bencher.counter(BytesCount::new(size)).bench(|| {
            let frame = black_box(codec).decode_frame(black_box(&bytes))?;
            codec.decode_packet(frame.ilp())
        });
    }

    #[divan::bench(args = SIZES)]
    fn toon(bencher: Bencher<'_, '_>, size: usize) {
        ours(bencher, TOON, size);
    }

    #[divan::bench(args = SIZES)]
    fn rfc(bencher: Bencher<'_, '_>, size: usize) {
        ours(bencher, RFC, size);
    }
}

#[divan::bench_group]
mod encode_frame {
    use super::*;

    fn ours(bencher: Bencher<'_, '_>, codec: Codec, size: usize) {
        let ilp = packet_bytes(codec, size);
        bencher.counter(BytesCount::new(size)).bench(|| {
            let mut out = Vec::new();
            black_box(codec)
                .encode_frame(&BtpFrame::message(7, black_box(&ilp)), &mut out)
                .map(|()| out)
        });
    }

    #[divan::bench(args = SIZES)]
    fn toon(bencher: Bencher<'_, '_>, size: usize) {
        ours(bencher, TOON, size);
    }

    #[divan::bench(args = SIZES)]
    fn rfc(bencher: Bencher<'_, '_>, size: usize) {
        ours(bencher, RFC, size);
    }
}
