"""What goes wrong between a site and its Discord, done to the real processes."""

from __future__ import annotations

import os
import signal
import time

from tests.backends import Private
from tests.bot.faults.schedule import Fault
from tests.bot.town import BotProcess, Town

SAYING = r"^/webhooks/\d+/"
ANY = ""


class Trouble:
    """One fault at a time: the next one begins when the one before is over."""

    def __init__(self, town: Town, database: Private | None) -> None:
        self.town, self.database = town, database
        self.operations = town.discord.operations

    def happen(self, faults: tuple[Fault, ...], began: float) -> None:
        for fault in faults:
            time.sleep(max(0.0, began + fault.at - time.monotonic()))
            getattr(self, fault.kind.replace("-", "_"))(fault)

    def pass_by(self) -> None:
        """Nothing is wrong from here on."""
        self.operations.clear_faults()
        self.operations.unpause_gateway()
        self.keep_alive()

    def keep_alive(self) -> None:
        """What ended by itself is started again, as a supervisor does."""
        process = self.town.bot.process
        if process is None or process.poll() is not None:
            self.town.bot.start()

    # --- the gateway ---------------------------------------------------------
    def close(self, fault: Fault) -> None:
        self.operations.close_gateway(fault.number)

    def abort(self, _fault: Fault) -> None:
        self.operations.abort_gateway()

    def reconnect(self, _fault: Fault) -> None:
        self.operations.ask_to_reconnect()

    def invalid(self, _fault: Fault) -> None:
        self.operations.invalidate_sessions(resumable=False)

    def unheard(self, fault: Fault) -> None:
        self.operations.pause_gateway()
        time.sleep(fault.lasts)
        self.operations.unpause_gateway()

    def outage(self, fault: Fault) -> None:
        self.operations.outage(fault.lasts)
        time.sleep(fault.lasts)

    # --- requests ------------------------------------------------------------
    def unanswered(self, fault: Fault) -> None:
        self.operations.fault("POST", SAYING, "do and cut", times=fault.number)

    def hanging(self, fault: Fault) -> None:
        self.operations.fault("POST", SAYING, "do and hang", times=1, seconds=fault.lasts)

    def unanswered_any(self, fault: Fault) -> None:
        self.operations.fault("*", ANY, "do and cut", times=fault.number)

    def errors(self, fault: Fault) -> None:
        self.operations.fault("*", ANY, status=fault.number, times=3)

    def limits(self, _fault: Fault) -> None:
        self.operations.fault("POST", SAYING, status=429, retry_after=0.4, times=2)

    # --- processes -----------------------------------------------------------
    def kill(self, fault: Fault) -> None:
        self.town.bot.kill()
        time.sleep(fault.lasts)
        self.town.bot.start()

    def freeze(self, fault: Fault) -> None:
        process = self.town.bot.process
        assert process is not None
        os.killpg(process.pid, signal.SIGSTOP)
        time.sleep(fault.lasts)
        os.killpg(process.pid, signal.SIGCONT)

    def two(self, fault: Fault) -> None:
        other = BotProcess(self.town.site).start()
        time.sleep(fault.lasts)
        other.kill()

    def web(self, fault: Fault) -> None:
        site = self.town.site
        assert site.process is not None
        os.killpg(site.process.pid, signal.SIGKILL)
        site.process.wait()
        time.sleep(fault.lasts)
        site.start()

    def database_restart(self, fault: Fault) -> None:
        assert self.database is not None
        self.database.process.send_signal(signal.SIGINT)
        self.database.process.wait(30)
        time.sleep(fault.lasts)
        self.database.process = self.database.start()
        self.database.await_ready()
