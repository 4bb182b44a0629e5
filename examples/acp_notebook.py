"""Three agents in one stream, as in a notebook: no hub, no connections, no clock. Chunks may come out of order."""

from hocket.acp import Stream


def main() -> None:
    room = Stream(["analyst", "source", "validator"])
    room.message("analyst", "Found a data anomaly")
    room.chunk("source", "and it is one-time.", sequence=2, last=True)
    room.chunk("validator", "Validation shows 5% organic growth.", sequence=1, last=True)
    room.chunk("source", "Source is an acquisition, ", sequence=1)
    room.end("Problem solved")
    for said in room.log:
        print(f"{said.agent:>9}: {said.text}")


if __name__ == "__main__":
    main()
