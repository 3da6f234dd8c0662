# What `cmake --install` puts where, and the Debian package that `cpack` makes of it. Included by the main list, once all
# targets are there.
#
#   cmake --install build --prefix /usr/local     the program, the demo model, the web app if it was built, documents,
#                                                 a systemd unit and a configuration file
#   cpack --config build/CPackConfig.cmake        samcache_VERSION_ARCH.deb in the folder where it is run

install(TARGETS samcache RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY models/demo DESTINATION ${CMAKE_INSTALL_DATADIR}/samcache/models)
install(DIRECTORY web/dist/ DESTINATION ${CMAKE_INSTALL_DATADIR}/samcache/web OPTIONAL PATTERN *.map EXCLUDE)
install(FILES README.md CHANGELOG.md NOTICE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES deploy/debian/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})
set(debian_changelog ${PROJECT_BINARY_DIR}/install/changelog)
configure_file(deploy/debian/changelog.in ${debian_changelog} @ONLY)
file(ARCHIVE_CREATE OUTPUT ${debian_changelog}.gz PATHS ${debian_changelog} FORMAT raw COMPRESSION GZip)
install(FILES ${debian_changelog}.gz DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR})

# Unit and configuration name places: those of the prefix that is chosen when it is installed.
install(CODE "set(samcache_deploy \"${PROJECT_SOURCE_DIR}/deploy\")
set(samcache_scratch \"${PROJECT_BINARY_DIR}/install\")")
install(SCRIPT cmake/InstallService.cmake)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME samcache)
set(CPACK_PACKAGE_CONTACT "The samcache developers <samcache@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "encodes images once with SAM 3 and answers prompts from the encodings")
set(CPACK_PACKAGE_DESCRIPTION
"A server, its workers and a command line that cut objects out of pictures.
The image encoder of SAM 3 runs once for each picture; its encoding is kept,
and every prompt (text, box, point, mask) is answered from it in
milliseconds, over HTTP, WebSocket, in a web app for annotators or on the
command line.
.
A small demo model comes with it. The weights of SAM 3 are Meta's and are to
be had from Hugging Face.")
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/OpenPackageFolders.cmake)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# The reference BLAS, which libtorch is content with, multiplies 70 times slower.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libopenblas0-openmp | libopenblas0")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${PROJECT_SOURCE_DIR}/deploy/debian/conffiles
  ${PROJECT_SOURCE_DIR}/deploy/debian/postinst
  ${PROJECT_SOURCE_DIR}/deploy/debian/prerm
  ${PROJECT_SOURCE_DIR}/deploy/debian/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
