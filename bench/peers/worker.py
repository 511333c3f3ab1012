"""What the workers of bench/peers share: cases as JSON lines on standard input, answers on standard output; and
a clock that takes the same work again until enough time has passed."""
import json
import sys
import time


def serve(answer):
    """Answers every case; an exception becomes {"error": its first line}."""
    for line in sys.stdin:
        try:
            result = answer(json.loads(line))
        except Exception as error:  # one case must not end the others
            result = {"error": str(error).strip().splitlines()[0] if str(error) else repr(error)}
        print(json.dumps(result), flush=True)


def time_of(run, seconds):
    """(wall, processor) seconds of one run(), the mean over as many as fill the time; one before the clock."""
    run()
    count, start, cpu = 0, time.perf_counter(), time.process_time()
    while count == 0 or time.perf_counter() - start < seconds:
        run()
        count += 1
    return (time.perf_counter() - start) / count, (time.process_time() - cpu) / count


def flops(case):
    """As pdlt_flops_step counts them, of one step of one network."""
    n, side, taps = case["width"], case.get("side", 0), case.get("kernel", 1) ** 2
    places, taps = (side**2, taps) if side else (1, 1)
    hidden = (case["hidden"] - 1) * places * taps * n * n
    return 2.0 * case["samples"] * (2 * places * taps * n * case["inputs"] + 3 * (hidden + places * n))
