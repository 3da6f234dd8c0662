#include "api/audit.h"

#include "catalog/audit_log.h"

namespace samcache {
namespace {

constexpr std::chrono::seconds kPatience{5};

}  // namespace

void record_write(ApiContext& context, const http::HttpRequest& request, const Written& written) {
  AuditEntry entry;
  entry.request_id = request.id();
  entry.token_id = caller_of(request).token_id;
  entry.action = written.action;
  entry.subject = written.subject;
  entry.detail = written.detail;
  Log::Fields fields = {
      {"action", entry.action}, {"subject", entry.subject}, {"detail", entry.detail}, {"request_id", entry.request_id}};
  if (!entry.token_id.empty()) fields["token"] = entry.token_id;
  context.log.info("write", fields);
  const Status kept = context.service.catalog->audit_log().append(entry, Deadline::after(kPatience));
  if (!kept) context.log.error("audit entry lost", {{"action", entry.action}, {"reason", kept.error().message}});
}

}  // namespace samcache
