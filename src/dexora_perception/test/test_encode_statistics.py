"""Pins what the diagnostics of the token encoder say."""

from dexora_perception.encode_statistics import EncodeRecord, EncodeStatistics

MS = 1_000_000


def record(start_ms, end_ms, *captured_ms):
    return EncodeRecord(start_ms * MS, end_ms * MS, [c * MS for c in captured_ms], 0.002, 0.010)


def test_nothing_encoded_has_counts_only():
    assert EncodeStatistics(150 * MS).summary() == {
        "encodes": "0",
        "stale encodes": "0",
        "encodes refused": "0",
        "times without any view": "0",
    }


def test_ages_count_from_the_oldest_capture():
    statistics = EncodeStatistics(150 * MS)
    for number in range(3):
        statistics.add(record(100 + 50 * number, 120 + 50 * number, 95 + 50 * number, 80 + 50 * number))
    summary = statistics.summary()
    assert summary["age at encode start [ms] p50 p95 p99"] == "20.0 20.0 20.0"
    assert summary["age at publication [ms] p50 p95 p99"] == "40.0 40.0 40.0"
    assert summary["engine [ms] p50 p95 p99"] == "10.0 10.0 10.0"
    assert summary["rate [Hz]"] == "20.0"


def test_tokens_that_are_too_old_when_published_are_stale():
    statistics = EncodeStatistics(150 * MS)
    statistics.add(record(100, 249, 99))
    statistics.add(record(100, 250, 99))
    assert statistics.stale_encodes == 1
