# How a target of ours is compiled. Targets link lanchat::options PRIVATE: whoever links a target of
# ours gets C++20 from it and none of these flags.
option(LANCHAT_WERROR "Treat warnings as errors" OFF)
option(LANCHAT_FUZZ "Build the fuzz targets (needs Clang)" OFF)
set(LANCHAT_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined or thread")

add_library(lanchat_options INTERFACE)
add_library(lanchat::options ALIAS lanchat_options)
target_compile_features(lanchat_options INTERFACE cxx_std_20)
if(PROJECT_IS_TOP_LEVEL)
  target_compile_options(lanchat_options INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
    -Wold-style-cast -Woverloaded-virtual -Wnull-dereference -Wimplicit-fallthrough
    # GCC 12 sees phantom uninitialised members in moved std::variants at -O2.
    $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wlogical-op -Wno-maybe-uninitialized
                             -Wno-null-dereference -Wno-mismatched-new-delete>
    $<$<BOOL:${LANCHAT_WERROR}>:-Werror>
    -fstack-protector-strong)
  # Fortify needs optimisation, and glibc warns where it is asked for without.
  if(NOT LANCHAT_SANITIZE)
    target_compile_definitions(lanchat_options INTERFACE
      $<$<CONFIG:RelWithDebInfo,Release>:_FORTIFY_SOURCE=2>)
  endif()
  target_link_options(lanchat_options INTERFACE -Wl,-z,relro,-z,now)
endif()
if(LANCHAT_SANITIZE)
  target_compile_options(lanchat_options INTERFACE
    -fsanitize=${LANCHAT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(lanchat_options INTERFACE -fsanitize=${LANCHAT_SANITIZE})
  if(LANCHAT_SANITIZE MATCHES thread AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(lanchat_options INTERFACE -Wno-tsan)  # asio uses atomic_thread_fence
  endif()
endif()
# For what only tests: UBSan watches what is tested, and costs as much again as compiling a test.
add_library(lanchat_test_options INTERFACE)
add_library(lanchat::test_options ALIAS lanchat_test_options)
if(LANCHAT_SANITIZE MATCHES undefined)
  target_compile_options(lanchat_test_options INTERFACE -fno-sanitize=undefined)
endif()
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# Most of a file's time goes into headers and templates that its neighbours need as well, so the
# files of a target are compiled a dozen at a time.
option(LANCHAT_UNITY "Compile the files of a target together" ON)
set(CMAKE_UNITY_BUILD ${LANCHAT_UNITY})
set(CMAKE_UNITY_BUILD_BATCH_SIZE 12)

# lanchat_library(<name> <sources>...): a static library of one room, with the alias lanchat::<name>.
# Its sources name headers from the root of our tree; others do not see that.
function(lanchat_library name)
  add_library(lanchat_${name} STATIC ${ARGN})
  add_library(lanchat::${name} ALIAS lanchat_${name})
  set_target_properties(lanchat_${name} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(lanchat_${name} PUBLIC cxx_std_20)
  target_link_libraries(lanchat_${name} PRIVATE $<BUILD_INTERFACE:lanchat::options>)
  target_include_directories(lanchat_${name} PRIVATE ${PROJECT_SOURCE_DIR})
endfunction()
