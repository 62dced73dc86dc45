//! Seeds that once showed a fault, each with what it was, and some hundred others.
//!
//! What a seed stands for changes with the simulator: a seed here has shown its fault when it was
//! found. The faults are planted again in `planted/`, where whatever seeds there are must find them.

use std::sync::Mutex;

use tress_sim::World;

/// Descriptors are numbered for the whole process: one seed at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn passes(world: World, seeds: impl IntoIterator<Item = u64>) {
    let _one = ONE_AT_A_TIME.lock();
    for seed in seeds {
        if let Err(failure) = tress_sim::run(world, seed, false) {
            panic!("seed {seed} of {world:?}: {}", failure.what);
        }
    }
}

/// The head of an upload took longer than the wait for `100 Continue`, which was over before it
/// had begun: the transfer was run again and again within one action.
#[test]
fn the_wait_for_100_begins_when_the_head_has_gone() {
    passes(World::Web, [3]);
}

/// A look-up that nobody waited for any more kept the resolver's descriptor watched.
#[test]
fn a_removed_transfer_takes_its_look_up_along() {
    passes(World::Web, [19, 40]);
}

/// Paused while its tunnel was being made, a transfer left its socket watched for writing.
#[test]
fn a_pause_during_connect_does_not_spin() {
    passes(World::Web, [84]);
}

/// An upload over HTTP/2 asked for its progress again and again within one action.
#[test]
fn progress_of_an_http2_upload_ends() {
    passes(World::Web, [376, 467, 701]);
}

/// Who was woken for a slot and then ended, by its limit of time or because it was removed, took
/// the slot along: nobody else was woken. A host's waiters without a connection were woken by
/// nobody. (In words, without seeds: `a_slot_is_not_lost_with_who_was_woken_for_it`.)
#[test]
fn slots_are_passed_on() {
    passes(World::Web, [427, 552, 919]);
    passes(World::Conversations, [33, 380, 853, 1956]);
}

/// Those who waited for a slot of a host did not learn that its connection had come to speak
/// HTTP/2: they shared it one at a time. (`pains_06_those_in_the_queue_share_a_connection_too`.)
#[test]
fn waiters_share_what_can_be_shared() {
    passes(World::Web, [10, 45, 220, 1441]);
}

/// IMAP: the time for the reply to a mail had begun before the mail.
/// (`a_long_upload_does_not_make_the_reply_late`.)
#[test]
fn a_long_upload_is_not_late() {
    passes(World::Conversations, [3272]);
}

/// A SOCKS proxy's socket was watched for writing while a name was looked up for it, and that of
/// a paused transfer while TLS had something to write.
#[test]
fn sockets_of_those_who_wait_do_not_spin() {
    passes(World::Web, [437]);
    passes(World::Conversations, [2272]);
}

/// Mail and FTP: a line of one request was told to the next; progress was asked twice at an end; a
/// reply was late while a pause kept it from being read; a connection out of step was used again.
#[test]
fn conversations_stay_in_step() {
    passes(World::Conversations, [454, 457, 1914, 2507]);
}

/// Of a long run: an answer that a reset had cut off was a success, the reply to a mail was heard
/// before TLS had told that all of it had gone, bytes behind a proxy's answer were lost with a pause
/// in it. (`a_reset_during_an_upload_is_no_end_of_the_answer`.)
#[test]
fn nothing_is_cut_off_unnoticed() {
    passes(World::Web, [10_001_071, 20_000_951, 20_001_480, 10_000_164, 30_002_860]);
    passes(World::Conversations, [20_003_828, 30_000_938]);
}

/// A slot was lost with who hoped to share then, a shared place with who wanted a connection of its
/// own. (`a_slot_is_not_lost_with_who_hopes_to_share`, `a_place_is_not_lost_with_who_cannot_share`.)
#[test]
fn slots_and_places_are_passed_on() {
    passes(World::Web, [20_002_235, 10_004_862, 20_004_695, 20_009_852, 100_001_646]);
    passes(World::Conversations, [100_013_247, 110_003_595]);
}

/// Idle connections that came from another multi handle were more than the limits allow, or stood beside
/// those who waited for one. (`limits_hold_for_connections_from_elsewhere_too`.)
#[test]
fn connections_from_elsewhere_count() {
    passes(World::Several, [95, 185, 258, 313, 338, 374]);
}

/// A handshake in the course of a conversation counted as waiting for the reply to STARTTLS where the
/// next command did not go at once.
#[test]
fn a_long_handshake_is_not_late() {
    passes(World::StartTls, [668]);
}

#[test]
fn other_seeds() {
    passes(World::Web, 0..150);
    passes(World::Conversations, 0..150);
    passes(World::Several, 0..100);
    passes(World::StartTls, 0..100);
}
