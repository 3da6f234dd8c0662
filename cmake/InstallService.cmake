# Run by `cmake --install`: the systemd unit and the configuration file. Those of deploy/ are for the prefix /usr, whose
# configuration lies in /etc; under another prefix both are kept below it, and the unit is told so.
cmake_policy(VERSION 3.25)
set(prefix "${CMAKE_INSTALL_PREFIX}")
if(prefix STREQUAL "/usr")
  set(configuration /etc/samcache)
else()
  set(configuration "${prefix}/etc/samcache")
endif()

file(READ "${samcache_deploy}/samcache.service" unit)
string(REPLACE "/usr/bin/samcache" "${prefix}/bin/samcache" unit "${unit}")
string(REPLACE "/etc/samcache/" "${configuration}/" unit "${unit}")
file(WRITE "${samcache_scratch}/samcache.service" "${unit}")
file(INSTALL "${samcache_scratch}/samcache.service" DESTINATION "${prefix}/lib/systemd/system")

# What was changed there stays. (dpkg asks by itself: the file is one of the package's conffiles.)
if(NOT EXISTS "$ENV{DESTDIR}${configuration}/samcache.toml")
  file(INSTALL "${samcache_deploy}/samcache.toml" DESTINATION "${configuration}")
endif()
