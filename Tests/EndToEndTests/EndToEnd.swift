import Testing

/// Everything that drives the command from outside, one test after the other: each has the machine to itself.
@Suite(.serialized) enum EndToEnd {}
