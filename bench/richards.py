"""A small operating system's scheduler in ordinary object-oriented style: virtual methods, linked
packets, attributes that are sometimes None (after the benchmark by Martin Richards)."""

IDLE, WORKER, HANDLER_A, HANDLER_B, DEVICE_A, DEVICE_B = range(6)
DEVICE_PACKET, WORK_PACKET = range(2)
BUFFER_SIZE = 4


class Packet:
    def __init__(self, link, owner, kind):
        self.link = link
        self.owner = owner
        self.kind = kind
        self.datum = 0
        self.data = [0] * BUFFER_SIZE

    def append_to(self, queue):
        """Put this packet at the end of queue; return the queue's head."""
        self.link = None
        if queue is None:
            return self
        last = queue
        while last.link is not None:
            last = last.link
        last.link = self
        return queue


class Task:
    """A task runs when it is not held and either has a packet waiting or does not wait for one."""

    def __init__(self, scheduler, number, priority, queue, waiting):
        self.scheduler = scheduler
        self.number = number
        self.priority = priority
        self.queue = queue
        self.held = False
        self.waiting = waiting
        self.next = scheduler.tasks
        scheduler.tasks = self
        scheduler.table[number] = self

    def is_blocked(self):
        return self.held or (self.waiting and self.queue is None)

    def run(self, packet):
        raise NotImplementedError

    def step(self):
        """Run once with the first waiting packet, if there is one; return the task to run next."""
        packet = None
        if self.waiting:
            packet = self.queue
            self.queue = packet.link
            self.waiting = False
        return self.run(packet)

    def wait(self):
        self.waiting = True
        return self

    def hold(self):
        self.scheduler.hold_count += 1
        self.held = True
        return self.next

    def release(self, number):
        task = self.scheduler.table[number]
        task.held = False
        if task.priority > self.priority:
            return task
        return self

    def send(self, packet):
        task = self.scheduler.table[packet.owner]
        self.scheduler.queue_count += 1
        packet.link = None
        packet.owner = self.number
        if task.queue is None:
            task.queue = packet
            if task.priority > self.priority:
                return task
        else:
            packet.append_to(task.queue)
        return self


class IdleTask(Task):
    def __init__(self, scheduler, count):
        super().__init__(scheduler, IDLE, 0, None, False)
        self.control = 1
        self.count = count

    def run(self, packet):
        self.count -= 1
        if self.count == 0:
            return self.hold()
        if self.control & 1 == 0:
            self.control //= 2
            return self.release(DEVICE_A)
        self.control = self.control // 2 ^ 0xD008
        return self.release(DEVICE_B)


class WorkTask(Task):
    def __init__(self, scheduler, queue):
        super().__init__(scheduler, WORKER, 1000, queue, True)
        self.destination = HANDLER_A
        self.letter = 0

    def run(self, packet):
        if packet is None:
            return self.wait()
        self.destination = HANDLER_B if self.destination == HANDLER_A else HANDLER_A
        packet.owner = self.destination
        packet.datum = 0
        for i in range(BUFFER_SIZE):
            self.letter = self.letter % 26 + 1
            packet.data[i] = 64 + self.letter
        return self.send(packet)


class HandlerTask(Task):
    def __init__(self, scheduler, number, priority, queue):
        super().__init__(scheduler, number, priority, queue, True)
        self.work = None
        self.devices = None

    def run(self, packet):
        if packet is not None:
            if packet.kind == WORK_PACKET:
                self.work = packet.append_to(self.work)
            else:
                self.devices = packet.append_to(self.devices)
        work = self.work
        if work is None:
            return self.wait()
        if work.datum >= BUFFER_SIZE:
            self.work = work.link
            return self.send(work)
        device = self.devices
        if device is None:
            return self.wait()
        self.devices = device.link
        device.datum = work.data[work.datum]
        work.datum += 1
        return self.send(device)


class DeviceTask(Task):
    def __init__(self, scheduler, number, priority):
        super().__init__(scheduler, number, priority, None, True)
        self.pending = None

    def run(self, packet):
        if packet is not None:
            self.pending = packet
            return self.hold()
        if self.pending is None:
            return self.wait()
        pending = self.pending
        self.pending = None
        return self.send(pending)


class Scheduler:
    def __init__(self):
        self.tasks = None
        self.table = [None] * 6
        self.queue_count = 0
        self.hold_count = 0

    def run(self):
        task = self.tasks
        while task is not None:
            if task.is_blocked():
                task = task.next
            else:
                task = task.step()


def packets(owner, kind, count):
    queue = None
    for _ in range(count):
        queue = Packet(queue, owner, kind)
    return queue


def schedule(count):
    scheduler = Scheduler()
    IdleTask(scheduler, count)
    WorkTask(scheduler, packets(WORKER, WORK_PACKET, 2))
    HandlerTask(scheduler, HANDLER_A, 2000, packets(DEVICE_A, DEVICE_PACKET, 3))
    HandlerTask(scheduler, HANDLER_B, 3000, packets(DEVICE_B, DEVICE_PACKET, 3))
    DeviceTask(scheduler, DEVICE_A, 4000)
    DeviceTask(scheduler, DEVICE_B, 5000)
    scheduler.run()
    return scheduler.queue_count, scheduler.hold_count


def richards(rounds):
    queued = held = 0
    for _ in range(rounds):
        more_queued, more_held = schedule(10_000)
        queued += more_queued
        held += more_held
    return queued, held


BENCH = [("richards", richards, (2,))]
