/// What this build writes down; the same as in package.toml.
let relayVersion = "2.0.0"
