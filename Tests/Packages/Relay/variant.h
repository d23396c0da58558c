/* Which fault this build has. `Scripts/soak-swap` writes another one for each bad version. */
#define RELAY_FAULT_NONE 0
#define RELAY_FAULT_AT_LOAD 1
#define RELAY_FAULT_AT_PROBE 2
#define RELAY_SLOW_TO_LOAD 3

#define RELAY_VARIANT RELAY_FAULT_NONE
/* The fault shows only while this file exists, so that the package can be built. */
#define RELAY_SWITCH ""
