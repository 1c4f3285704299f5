# The checker of histories: it finds every fault that is planted, and none where there is none.
import history
from history import Life, Shown
from runner import check_equal, main, test


class Chat:
    """Two members; bob was killed once, and had shown a line that he had not kept."""

    def __init__(self):
        self.alice = [Life(["a1", "a2", "a3"], _shown("a1", "b1", "a2", "b2", "a3"), [])]
        self.bob = [Life(["b1"], _shown("a1", "b1", "a2"), ["a1", "b1"]),
                    Life(["b2"], [Shown("a2", True), *_shown("b2", "a3")], [])]
        self.transcripts = {name: ["a1", "b1", "a2", "b2", "a3"] for name in ("alice", "bob")}

    def kinds(self):
        faults = history.faults_of({"alice": self.alice, "bob": self.bob}, self.transcripts)
        return sorted({fault.kind for fault in faults})


def _shown(*texts):
    return [Shown(text) for text in texts]


@test
def a_history_without_faults_is_accepted():
    check_equal(Chat().kinds(), [], "faults")


@test
def a_line_that_a_store_lacks_is_lost_and_the_stores_differ():
    chat = Chat()
    chat.transcripts["bob"].remove("a3")
    check_equal(chat.kinds(), ["diverged", "lost"], "faults")


@test
def a_line_that_all_stores_lack_is_lost():
    chat = Chat()
    for transcript in chat.transcripts.values():
        transcript.remove("b1")
    check_equal(chat.kinds(), ["lost"], "faults")


@test
def a_line_that_is_never_shown_is_lost():
    chat = Chat()
    chat.bob[1].shown.pop()
    check_equal(chat.kinds(), ["lost"], "faults")


@test
def a_line_missing_before_one_that_is_there_is_lost():
    chat = Chat()
    chat.bob[0].said[:] = ["b0", "b1"]
    check_equal(chat.kinds(), ["lost"], "faults")


@test
def a_line_of_a_killed_node_that_nobody_has_is_none_that_was_promised():
    chat = Chat()
    chat.bob[0].said.append("unheard")
    check_equal(chat.kinds(), [], "faults")


@test
def a_kept_line_may_have_been_on_its_way_to_the_screen_of_a_killed_node():
    chat = Chat()
    chat.bob[0].shown.remove(Shown("b1"))
    check_equal(chat.kinds(), [], "faults")


@test
def a_line_shown_twice_in_one_life_is_a_duplicate():
    chat = Chat()
    chat.alice[0].shown.append(Shown("a3"))
    check_equal(chat.kinds(), ["duplicate"], "faults")


@test
def a_line_shown_again_though_it_was_kept_is_a_duplicate():
    chat = Chat()
    chat.bob[1].shown.insert(0, Shown("a1", True))
    check_equal(chat.kinds(), ["duplicate"], "faults")


@test
def a_line_shown_again_as_if_it_were_new_is_a_duplicate():
    chat = Chat()
    chat.bob[1].shown[0] = Shown("a2", False)
    check_equal(chat.kinds(), ["duplicate"], "faults")


@test
def a_line_kept_twice_is_a_duplicate():
    chat = Chat()
    for transcript in chat.transcripts.values():
        transcript.append("a3")
    check_equal(chat.kinds(), ["duplicate"], "faults")


@test
def lines_of_an_author_shown_in_another_order_are_inverted():
    chat = Chat()
    chat.alice[0].shown[:] = _shown("a2", "a1", "a3", "b1", "b2")
    check_equal(chat.kinds(), ["inverted"], "faults")


@test
def lines_of_different_authors_may_be_shown_in_any_order():
    chat = Chat()
    chat.alice[0].shown[:] = _shown("b2", "a1", "b1", "a2", "a3")
    check_equal(chat.kinds(), [], "faults")


@test
def a_store_with_lines_of_an_author_in_another_order_is_inverted():
    chat = Chat()
    for transcript in chat.transcripts.values():
        transcript[:] = ["a1", "b1", "a3", "b2", "a2"]
    check_equal([kind for kind in chat.kinds() if kind != "lost"], ["inverted"], "faults")


@test
def stores_in_different_orders_have_diverged():
    chat = Chat()
    chat.transcripts["bob"][:] = ["b1", "a1", "a2", "b2", "a3"]
    check_equal(chat.kinds(), ["diverged"], "faults")


@test
def a_line_that_nobody_said_is_a_phantom():
    chat = Chat()
    chat.alice[0].shown.append(Shown("a4"))
    check_equal(chat.kinds(), ["phantom"], "faults")


@test
def a_kept_line_that_nobody_said_is_a_phantom():
    chat = Chat()
    for transcript in chat.transcripts.values():
        transcript.append("a4")
    check_equal(chat.kinds(), ["phantom"], "faults")


main()
