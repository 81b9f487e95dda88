# Frame objects and tracers of callers that have no frame of their own, taken by a callee that has left for the interpreter.
import sys
def tr(frame, event, arg):
    if event == "line" and frame.f_code.co_name == "jumper" and frame.f_lineno == frame.f_code.co_firstlineno + 3:
        frame.f_lineno = frame.f_code.co_firstlineno + 5
    return tr
def begin():
    sys.settrace(tr); sys._getframe(2).f_trace = tr
BOX = [None, begin]
def start(i):
    if i == 2: BOX[i - 1]()
    return i
def jumper(n):
    t = 0
    for i in range(n):
        start(i)
        t += 100
        t += 1
    return t
KEPT = []
def keep(i):
    if i == 2: KEPT.append(sys._getframe(BOX[0] or 1))
    return i
def keeper(n):
    t = 0
    for i in range(n):
        keep(i)
        t += 1
        if i == 3: KEPT[-1].f_lineno; t += len(KEPT[-1].f_locals); t += KEPT[-1].f_locals["i"] * 1000; t += KEPT[-1] is sys._getframe()
    return t
for k in range(6): jumper(2); keeper(2)
for k in range(3):
    print(jumper(5), end=" ")
    sys.settrace(None)
    print(keeper(6), end=" ")
print()
