import CommandLineInterface
import Glibc

// A reader that leaves early must not end the command by a signal; a handler, unlike "ignore", is not inherited
// by the compilers and runners that are started from here.
signal(SIGPIPE) { _ in }
exit(Program.run(Array(CommandLine.arguments.dropFirst())).rawValue)
