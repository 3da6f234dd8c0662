# Run at every build: writes OUTPUT, a header with the commit that SOURCE is at ("-dirty" with changes that are in no
# commit), and touches it only when that is another one. COMMIT, when given, is what a source without history came from.
if(NOT COMMIT)
  execute_process(
    COMMAND git --no-optional-locks -C ${SOURCE} describe --always --dirty --abbrev=12 --exclude=*
    OUTPUT_VARIABLE COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(failed)
    set(COMMIT unknown)
  endif()
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#pragma once\n\n#define SAMCACHE_COMMIT \"${COMMIT}\"\n")
