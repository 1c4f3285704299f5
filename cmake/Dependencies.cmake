# Every library that a node needs, found in one place: for our build, and, installed beside it, for
# the package that find_package(lanchat) finds. All of them are Debian 12 packages.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Protobuf 3.21 REQUIRED)
find_package(gRPC 1.51 CONFIG REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(nlohmann_json 3.11 CONFIG REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(spdlog 1.10 CONFIG REQUIRED)
pkg_check_modules(libsodium REQUIRED IMPORTED_TARGET GLOBAL libsodium)
pkg_check_modules(sqlite3 REQUIRED IMPORTED_TARGET GLOBAL sqlite3>=3.40)
pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET GLOBAL libutf8proc)
find_library(ZXCVBN_LIBRARY zxcvbn REQUIRED)
find_path(ZXCVBN_INCLUDE_DIR zxcvbn.h REQUIRED)
find_path(ASIO_INCLUDE_DIR asio.hpp REQUIRED)  # Debian's libasio-dev ships headers only
mark_as_advanced(ZXCVBN_LIBRARY ZXCVBN_INCLUDE_DIR ASIO_INCLUDE_DIR)

if(NOT TARGET lanchat::zxcvbn)
  add_library(lanchat::zxcvbn INTERFACE IMPORTED GLOBAL)
  target_link_libraries(lanchat::zxcvbn INTERFACE ${ZXCVBN_LIBRARY})
  target_include_directories(lanchat::zxcvbn INTERFACE ${ZXCVBN_INCLUDE_DIR})

  add_library(lanchat::asio INTERFACE IMPORTED GLOBAL)
  target_include_directories(lanchat::asio INTERFACE ${ASIO_INCLUDE_DIR})
  # Without the last one asio chooses its allocator by the headers that came before it, file by
  # file, and frees with the one what it took from the other.
  target_compile_definitions(lanchat::asio INTERFACE ASIO_STANDALONE ASIO_NO_DEPRECATED
    ASIO_DISABLE_STD_ALIGNED_ALLOC)
  target_link_libraries(lanchat::asio INTERFACE Threads::Threads)
endif()
