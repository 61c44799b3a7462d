"""`heard.py FILE`: exit status 0 where the WAV file holds speech: more than half a second that is not silent."""

import array
import sys
import wave

LOUD = 50
"""Of 32,767."""


def main() -> int:
    if sys.argv[1:] in (["--help"], ["-h"]):
        print(__doc__)
        return 0
    with wave.open(sys.argv[1]) as file:
        if file.getsampwidth() != 2:
            print("not 16 bit")
            return 1
        rate, channels = file.getframerate(), file.getnchannels()
        samples = array.array("h", file.readframes(file.getnframes()))[::channels]
    loud = sum(abs(sample) > LOUD for sample in samples)
    print(f"{len(samples) / rate:.1f} s, of which {loud / rate:.1f} s are loud")
    return 0 if loud > rate / 2 else 1


if __name__ == "__main__":
    raise SystemExit(main())
