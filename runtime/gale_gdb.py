"""gdb commands for Gale's goroutines, in a live process and in a core.

    (gdb) source gale_gdb.py
    (gdb) info goroutines                 all of them: number, state, where they are
    (gdb) goroutine 7 bt                  a command in the frames of goroutine 7
    (gdb) goroutine all bt                the same for each
    (gdb) goroutine 7                     select it: bt, up, frame, info locals, ... see its frames
    (gdb) goroutine 0                     back to the thread

Neither registers nor memory are changed, so it works on cores, too: while a goroutine is selected, an unwinder tells
gdb that the innermost frame of the thread, #0, was called by the goroutine. Do not continue or step then: that selects
the thread again first.
"""

import struct

import gdb
import gdb.unwinder

WORDS = (
    "version region_base region_default_size default_slots small_slots default_slot_shift small_slot_shift "
    "g_reserve colours colour_size sp id parent_id status wait_reason waiting_since created_at entry "
    "reasons reason_count coarse_time coarse_unit"
).split()
VERSION = 1
STATUS = {1: "runnable", 2: "running", 3: "waiting"}
PAGE = 4096

# What gale_switch_context leaves at the saved stack pointer (context_offsets.h).
FRAMES = {
    "x86-64": {
        "size": 56,
        "pc_offset": 48,
        "pc": "rip",
        "sp": "rsp",
        "saved": {"r15": 0, "r14": 8, "r13": 16, "r12": 24, "rbx": 32, "rbp": 40},
    },
    "aarch64": {
        "size": 160,
        "pc_offset": 88,
        "pc": "pc",
        "sp": "sp",
        "saved": {**{"x%d" % (19 + i): 8 * i for i in range(11)}},
    },
}


def architecture():
    name = gdb.selected_inferior().architecture().name()
    return FRAMES["aarch64" if "aarch64" in name else "x86-64"]


def read_word(address, size=8):
    memory = gdb.selected_inferior().read_memory(address, size)
    return int.from_bytes(bytes(memory), "little")


def read_text(address):
    return gdb.Value(address).cast(gdb.lookup_type("char").pointer()).string() if address else ""


def function_at(pc):
    """The function that an address lies in, as far as symbols tell."""
    text = gdb.execute("info symbol 0x%x" % pc, to_string=True)
    if text.startswith("No symbol"):
        return "0x%x" % pc
    return text.split(" in section ")[0].rsplit(" + ", 1)[0].strip()


class Goroutine:
    def __init__(self, layout, address, low):
        self.address = address
        self.low = low + PAGE
        self.sp = read_word(address + layout.sp)
        self.id = read_word(address + layout.id)
        self.parent_id = read_word(address + layout.parent_id)
        self.status = read_word(address + layout.status, 1)
        self.reason = layout.reason(read_word(address + layout.wait_reason, 1))
        self.entry = read_word(address + layout.entry)
        self.created_at = read_word(address + layout.created_at)
        self.waited = layout.nanos_since(read_word(address + layout.waiting_since, 4))

    def state(self):
        if self.status != 3:
            return STATUS.get(self.status, "dead")
        minutes = self.waited // 60_000_000_000
        return (self.reason or "waiting") + (", %d minutes" % minutes if minutes else "")

    def contains(self, address):
        return self.low <= address < self.address


class Layout:
    """What gale_gdb_layout says."""

    def __init__(self):
        try:
            where = int(gdb.parse_and_eval("(unsigned long)&gale_gdb_layout"))
        except gdb.error:
            raise gdb.GdbError("This program has no symbol gale_gdb_layout: it does not use Gale, or is stripped.")
        memory = bytes(gdb.selected_inferior().read_memory(where, 8 * len(WORDS)))
        for name, value in zip(WORDS, struct.unpack("<%dQ" % len(WORDS), memory)):
            setattr(self, name, value)
        if self.version == 0:
            raise gdb.GdbError("Gale's runtime has not started.")
        if self.version != VERSION:
            raise gdb.GdbError("gale_gdb.py is for layout %d, the program has %d." % (VERSION, self.version))

    def reason(self, number):
        return read_text(read_word(self.reasons + 8 * number)) if number < self.reason_count else ""

    def nanos_since(self, since):
        passed = (read_word(self.coarse_time, 4) - since) & 0xFFFFFFFF
        return 0 if passed >= 1 << 31 else passed * self.coarse_unit

    def slots(self):
        """The lowest address of every slot that was carved, with its class's shift."""
        base = read_word(self.region_base)
        for count, start, shift in (
            (self.default_slots, base, self.default_slot_shift),
            (self.small_slots, base + read_word(self.region_default_size), self.small_slot_shift),
        ):
            for index in range(read_word(count)):
                yield start + (index << shift), shift

    def goroutines(self):
        for low, shift in self.slots():
            colour = (low >> shift) % self.colours
            address = low + (1 << shift) - self.g_reserve - colour * self.colour_size
            if read_word(address + self.status, 1) in STATUS:
                yield Goroutine(self, address, low)


def threads_of(goroutines):
    """The thread that runs each running goroutine: its stack pointer lies in the goroutine's slot."""
    running = {}
    selected = gdb.selected_thread()
    for thread in gdb.selected_inferior().threads():
        thread.switch()
        sp = int(gdb.newest_frame().read_register(architecture()["sp"])) & (1 << 64) - 1
        for goroutine in goroutines:
            if goroutine.contains(sp):
                running[goroutine.id] = thread
    if selected is not None:
        selected.switch()
    return running


class ParkedUnwinder(gdb.unwinder.Unwinder):
    """Makes the selected goroutine the caller of the thread's innermost frame."""

    def __init__(self):
        super().__init__("gale-goroutine")
        self.goroutine = None

    def select(self, goroutine):
        self.goroutine = goroutine
        if goroutine is not None:
            frame = gdb.newest_frame()
            registers = architecture()
            self.innermost = (int(frame.read_register(registers["sp"])), int(frame.pc()))
        gdb.invalidate_cached_frames()

    def __call__(self, pending_frame):
        if self.goroutine is None:
            return None
        registers = architecture()
        sp = pending_frame.read_register(registers["sp"])
        pc = pending_frame.read_register(registers["pc"])
        if (int(sp), int(pc)) != self.innermost:
            return None
        frame = self.goroutine.sp
        word = gdb.lookup_type("unsigned long")
        # The frame's own number must be below its callers': gdb takes a stack that goes down for corrupt.
        info = pending_frame.create_unwind_info(FrameId(gdb.Value(frame).cast(word), pc))
        values = {name: read_word(frame + offset) for name, offset in registers["saved"].items()}
        values[registers["pc"]] = read_word(frame + registers["pc_offset"])
        values[registers["sp"]] = frame + registers["size"]
        for name, value in values.items():
            register_type = pending_frame.read_register(name).type
            info.add_saved_register(name, gdb.Value(value).cast(word).cast(register_type))
        return info


class FrameId:
    def __init__(self, sp, pc):
        self.sp = sp
        self.pc = pc


UNWINDER = ParkedUnwinder()
gdb.unwinder.register_unwinder(None, UNWINDER, replace=True)
gdb.events.cont.connect(lambda event: UNWINDER.select(None) if UNWINDER.goroutine else None)


class InfoGoroutines(gdb.Command):
    """List all goroutines: number, state, the function they run or wait in."""

    def __init__(self):
        super().__init__("info goroutines", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        goroutines = list(Layout().goroutines())
        threads = threads_of(goroutines)
        for goroutine in sorted(goroutines, key=lambda g: g.id):
            thread = threads.get(goroutine.id)
            mark = "*" if thread is not None and thread == gdb.selected_thread() else " "
            where = " (thread %d)" % thread.num if thread is not None else ""
            print("%s %-4d [%s] %s%s" % (mark, goroutine.id, goroutine.state(), function_at(goroutine.entry), where))


class GoroutineCommand(gdb.Command):
    """goroutine N|all [COMMAND]: run a command in the frames of a goroutine, or select it; 0 selects the thread."""

    def __init__(self):
        super().__init__("goroutine", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        words = argument.split(None, 1)
        if not words or not (words[0] == "all" or words[0].isdigit()):
            raise gdb.GdbError("Usage: goroutine NUMBER|all [COMMAND]")
        UNWINDER.select(None)
        command = words[1] if len(words) > 1 else None
        if words[0] == "0":
            return
        goroutines = list(Layout().goroutines())
        if words[0] == "all":
            if command is None:
                raise gdb.GdbError("Usage: goroutine all COMMAND")
            for goroutine in sorted(goroutines, key=lambda g: g.id):
                print("goroutine %d [%s]:" % (goroutine.id, goroutine.state()))
                self.run(goroutine, goroutines, command)
                print()
            return
        chosen = [g for g in goroutines if g.id == int(words[0])]
        if not chosen:
            raise gdb.GdbError("There is no goroutine %s." % words[0])
        self.run(chosen[0], goroutines, command)

    def run(self, goroutine, goroutines, command):
        selected = gdb.selected_thread()
        thread = threads_of(goroutines).get(goroutine.id)
        if thread is not None:
            thread.switch()
        elif goroutine.sp == 0:
            print("goroutine %d is being switched to or from; its stack cannot be told" % goroutine.id)
            return
        else:
            UNWINDER.select(goroutine)
        if command is None:
            self.show_first_frame(goroutine, thread)
            return
        try:
            self.execute(command, skips_first=thread is None)
        finally:
            UNWINDER.select(None)
            if selected is not None:
                selected.switch()

    @staticmethod
    def show_first_frame(goroutine, thread):
        print("goroutine %d [%s]" % (goroutine.id, goroutine.state()))
        gdb.execute("frame %d" % (0 if thread is not None else 1))

    @staticmethod
    def execute(command, skips_first):
        if not skips_first:
            gdb.execute(command)
            return
        gdb.newest_frame().older().select()
        if command.split()[0] in ("bt", "backtrace", "where"):
            # Frame 0 is the thread's.
            lines = gdb.execute(command, to_string=True).splitlines()
            print("\n".join(line for line in lines if not line.startswith("#0 ")))
        else:
            gdb.execute(command)


InfoGoroutines()
GoroutineCommand()
