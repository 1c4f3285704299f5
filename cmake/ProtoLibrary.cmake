# Generated code of protobuf and gRPC. Headers: "dir/file.pb.h", "dir/file.grpc.pb.h".

# lanchat_proto_library(<target> <dir/file.proto>...)
# Message code only: links speak in bytes through gRPC's generic API.
function(lanchat_proto_library target)
  _lanchat_generated_library(${target} "" "" ${ARGN})
endfunction()

# lanchat_grpc_library(<target> <dir/file.proto>...)
# Message code, and stubs for the services.
function(lanchat_grpc_library target)
  _lanchat_generated_library(${target} "grpc.pb"
    "--grpc_out=${PROJECT_BINARY_DIR}/generated;--plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>"
    ${ARGN})
  target_link_libraries(${target} PUBLIC gRPC::grpc++)
endfunction()

function(_lanchat_generated_library target service_suffix service_options)
  set(out ${PROJECT_BINARY_DIR}/generated)
  file(MAKE_DIRECTORY ${out})
  foreach(proto IN LISTS ARGN)
    string(REGEX REPLACE "\\.proto$" "" stem ${proto})
    set(made ${out}/${stem}.pb.cc ${out}/${stem}.pb.h)
    if(service_suffix)
      list(APPEND made ${out}/${stem}.${service_suffix}.cc ${out}/${stem}.${service_suffix}.h)
    endif()
    add_custom_command(
      OUTPUT ${made}
      COMMAND protobuf::protoc -I ${PROJECT_SOURCE_DIR} --cpp_out=${out} ${service_options} ${proto}
      WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
      DEPENDS ${PROJECT_SOURCE_DIR}/${proto} protobuf::protoc
      COMMENT "protoc ${proto}" VERBATIM)
    list(APPEND sources ${made})
  endforeach()
  add_library(${target} STATIC ${sources})
  target_include_directories(${target} SYSTEM PUBLIC $<BUILD_INTERFACE:${out}>)
  target_link_libraries(${target} PUBLIC protobuf::libprotobuf)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_compile_options(${target} PRIVATE -w)
  # Generated files hold the same names.
  set_target_properties(${target} PROPERTIES CXX_CLANG_TIDY "" UNITY_BUILD OFF)
endfunction()
