"""Guards of messages: cursors, offsets, leases, epochs and what a send may take."""

from collections.abc import Iterator

from tests.mutants.mutation import Edit, Mutation


def _on_both_buses(test: str) -> Iterator[str]:
    return (f"{test}[{bus}]" for bus in ("postgres", "kafka"))


_ORDER = "tests/shared/messaging/conformance/test_order_and_once.py::"
_EPOCHS = "tests/shared/messaging/conformance/test_epochs.py::"
_OWN = "tests/shared/messaging/conformance/test_own_topic.py::"
_MEMBERS = "tests/shared/messaging/conformance/test_members.py::"
_RELAYS = "tests/shared/messaging/conformance/test_relays.py::"
_POISON = "tests/shared/messaging/conformance/test_poison.py::"
_POSITIONS = "tests/shared/messaging/test_offset_tracker.py::"
_LOCKS = "tests/shared/messaging/test_locks.py::"
_ONCE = "tests/services/payment/test_announcing_once.py::"

MESSAGE_GUARDS = (
    Mutation(
        "announcing together what crediting announces",
        (
            Edit(
                "services/payment/crediting/worker.py",
                "    async with collected(session):\n        return outcomes",
                "    async with session.begin_nested():\n        return outcomes",
            ),
            Edit("shared/messaging/outbox/publication.py", "if _LAST_KEY in session.info:", "if False:"),
            Edit("shared/messaging/outbox/publication.py", "if last is not None and min(", "if False and min("),
        ),
        (_ONCE + "test_crediting_locks_nobody_before_whom_it_waits_for",),
    ),
    Mutation(
        "cursor per publisher and aggregate",
        (
            Edit(
                "shared/messaging/consumer/cursors.py",
                "elif item.place <= state.place or item.place == state.dead or ",
                "elif item.place == state.dead or ",
            ),
            Edit("shared/messaging/consumer/cursors.py", "<= self.place < item.place", "<= self.place"),
        ),
        (
            *_on_both_buses(_ORDER + "test_a_redelivered_event_changes_nothing"),
            *_on_both_buses(
                _ORDER + "test_a_relay_that_crashed_between_sending_and_marking_sends_again_and_nobody_notices"
            ),
        ),
    ),
    Mutation(
        "comparison before an offset is moved",
        (Edit("shared/messaging/topics/offsets.py", " AND n.expected = o.next_offset\n", "\n"),),
        tuple(
            _on_both_buses(
                _MEMBERS + "test_a_member_that_was_stopped_with_a_batch_in_hand_counts_nothing_when_it_wakes_up"
            )
        ),
    ),
    Mutation(
        "token of a lane's lease when marking",
        (Edit("shared/messaging/outbox/relay.py", " AND n.token = l.token AND l.owner", " AND l.owner"),),
        tuple(
            _on_both_buses(
                _RELAYS + "test_a_relay_that_lost_its_lanes_and_won_them_again_marks_nothing_under_the_old_lease"
            )
        ),
    ),
    Mutation(
        "lease of a lane when marking",
        (Edit("shared/messaging/outbox/relay.py", " AND n.token = l.token AND l.owner = :me\n", " AND :me = :me\n"),),
        tuple(_on_both_buses(_RELAYS + "test_a_relay_whose_lanes_were_taken_over_can_no_longer_mark")),
    ),
    Mutation(
        "other event under a known number",
        (Edit("shared/messaging/consumer/cursors.py", "        if state.contradicts(item):", "        if False:"),),
        tuple(_on_both_buses(_EPOCHS + "test_another_fact_under_a_known_number_becomes_a_dead_letter")),
    ),
    Mutation(
        "rest of the epoch before",
        (
            Edit(
                "shared/messaging/bus/envelope.py",
                "return (self.previous_epoch or self.epoch, self.seq - 1) if self.seq > 1 else BEFORE_ALL",
                "return (self.epoch, self.seq - 1) if self.previous_epoch is None and self.seq > 1 else BEFORE_ALL",
            ),
        ),
        tuple(_on_both_buses(_EPOCHS + "test_who_is_behind_waits_for_the_rest_of_the_epoch_before")),
    ),
    Mutation(
        "refusal while others are ahead",
        (Edit("shared/messaging/outbox/own_topic.py", "        await self.refuse_if_behind()\n", ""),),
        tuple(
            _on_both_buses(
                _OWN + "test_a_publisher_that_was_restored_to_earlier_refuses_to_work_until_its_epoch_is_raised"
            )
        ),
    ),
    Mutation(
        "first record of a partition never read",
        (
            Edit(
                "shared/messaging/topics/offset_tracker.py",
                "position.proven = first.offset == 0 or position.suspicions == _SUSPICIONS - 1",
                "position.proven = True",
            ),
        ),
        (_POSITIONS + "test_the_end_of_a_fetch_whose_beginning_went_elsewhere_is_read_again_from_the_beginning",),
    ),
    Mutation(
        "order in which offsets are locked",
        (
            Edit(
                "shared/messaging/topics/offsets.py",
                "        ORDER BY o.topic, o.partition\n        FOR",
                "        FOR",
            ),
        ),
        (_LOCKS + "test_offsets_are_locked_in_order_whatever_order_they_come_in[postgres]",),
    ),
    Mutation(
        "order in which cursors are written",
        (Edit("shared/messaging/consumer/cursors.py", '    order_by="n.publisher, n.aggregate_id",\n', ""),),
        (_LOCKS + "test_cursors_are_written_in_order_whatever_order_they_come_in[postgres]",),
    ),
    Mutation(
        "lock that a replay shares with the consumer",
        (
            Edit(
                "shared/messaging/dead_letters/replay.py",
                '    await session.execute(_LOCK_PARTITION, {"id": letter})\n',
                "",
            ),
        ),
        (_LOCKS + "test_a_replay_waits_for_the_consumer_that_parks_an_event_behind_the_letter[postgres]",),
    ),
    Mutation(
        "time that a send may take within the lease",
        (Edit("shared/messaging/outbox/relay.py", " or self.lanes.age_s > self._lease_s / 2:", ":"),),
        tuple(_on_both_buses(_RELAYS + "test_what_was_fetched_too_late_to_be_sent_within_the_lease_is_not_sent")),
    ),
    Mutation(
        "size of an event",
        (Edit("shared/messaging/consumer/delivery.py", "if len(value) > MAX_EVENT_BYTES:", "if False:"),),
        tuple(_on_both_buses(_POISON + "test_records_that_cannot_be_read_stop_nobody")),
    ),
)
