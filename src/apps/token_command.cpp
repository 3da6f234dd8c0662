// samcache token create|list|revoke
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/json/image_json.h"
#include "apps/command.h"
#include "apps/console.h"
#include "apps/service_options.h"
#include "base/text.h"
#include "catalog/tokens.h"

namespace samcache {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::chrono::seconds kPatience{30};

struct TokenFlags {
  ServiceFlags service;  // its database alone
  std::string name;
  std::string scopes = "read,write";
  std::string project;
  int expires_days = 0;  // 0: never
  std::string id;
  bool json = false;
};

// A model has no say in tokens.
Result<std::shared_ptr<Catalog>> open_catalog(const TokenFlags& flags, const CommonOptions& common) {
  ServiceOptions options;
  options.data = common.data;
  options.database = flags.service.database;
  Result<std::shared_ptr<Database>> database = open_service_database(options);
  if (!database) return as_failure(database.error());
  return Catalog::open(std::move(*database), {}, Deadline::after(kPatience));
}

const char* state_name(TokenState state) {
  switch (state) {
    case TokenState::kValid: return "valid";
    case TokenState::kExpired: return "expired";
    case TokenState::kRevoked: break;
  }
  return "revoked";
}

Json time_of(std::optional<std::int64_t> milliseconds) { return Json::parse(time_json(milliseconds)); }

Json json_of(const TokenRecord& token) {
  return {{"id", token.id},
          {"name", token.name},
          {"scopes", format_scopes(token.scopes)},
          {"project", token.project ? Json(*token.project) : Json()},
          {"state", state_name(token.state)},
          {"created_at", time_of(token.created_at_ms)},
          {"expires_at", time_of(token.expires_at_ms)},
          {"last_used_at", time_of(token.last_used_at_ms)}};
}

std::string line_of(const TokenRecord& token) {
  std::string line = token.id + "  " + state_name(token.state) + "  " + format_scopes(token.scopes) + "  " +
                     (token.project ? "project " + one_line(*token.project) : std::string("all projects")) + "  " +
                     one_line(token.name);
  if (token.expires_at_ms) line += "  until " + time_of(token.expires_at_ms).get<std::string>();
  return line + '\n';
}

Status create_token(const TokenFlags& flags, Catalog& catalog) {
  TokenRequest request{.name = flags.name};
  const Result<TokenScopes> scopes = parse_scopes(flags.scopes);
  if (!scopes) return scopes.error().within("--scope");
  request.scopes = *scopes;
  if (!flags.project.empty()) request.project = flags.project;
  if (flags.expires_days > 0) {
    const auto end = std::chrono::system_clock::now() + std::chrono::hours(24) * flags.expires_days;
    request.expires_at_ms = std::chrono::duration_cast<std::chrono::milliseconds>(end.time_since_epoch()).count();
  }
  const Result<CreatedToken> created = catalog.tokens().create(request, Deadline::after(kPatience));
  if (!created) return created.error();
  if (!flags.json) {
    print_note("this is the only time the token is shown");
    return write_stdout(created->secret + '\n');
  }
  Json answer = json_of(created->record);
  answer["token"] = created->secret;
  return write_stdout(answer.dump() + '\n');
}

Status list_tokens(const TokenFlags& flags, Catalog& catalog) {
  const Result<std::vector<TokenRecord>> tokens = catalog.tokens().list(Deadline::after(kPatience));
  if (!tokens) return tokens.error();
  std::string lines;
  Json list = Json::array();
  for (const TokenRecord& token : *tokens) {
    lines += line_of(token);
    list.push_back(json_of(token));
  }
  return write_stdout(flags.json ? Json{{"tokens", std::move(list)}}.dump() + '\n' : lines);
}

Status revoke_token(const TokenFlags& flags, Catalog& catalog) {
  const Result<bool> revoked = catalog.tokens().revoke(flags.id, Deadline::after(kPatience));
  if (!revoked) return revoked.error();
  if (!*revoked) {
    return Error{ErrorCode::kNotFound,
                 "no token " + in_quotes(flags.id) + " that could be revoked (see samcache token list)"};
  }
  return flags.json ? write_stdout(Json{{"revoked", flags.id}}.dump() + '\n') : Status();
}

std::shared_ptr<TokenFlags> add_action(CLI::App& command, const CommandContext& context,
                                       Status (*act)(const TokenFlags&, Catalog&)) {
  auto flags = std::make_shared<TokenFlags>();
  add_database_option(command, flags->service);
  command.add_flag("--json", flags->json, "Print one JSON document");
  command.callback([flags, act, &common = context.common, &run = context.run] {
    run = [flags, act, &common] {
      const Result<std::shared_ptr<Catalog>> catalog = open_catalog(*flags, common);
      return exit_code_of(catalog ? act(*flags, **catalog) : Status(catalog.error()));
    };
  });
  return flags;
}

}  // namespace

void add_token_command(const CommandContext& context) {
  CLI::App* token = context.app.add_subcommand("token", "Who may call the server");
  token->require_subcommand(1);
  token->footer(kCommonOptionsHelp);

  CLI::App* create = token->add_subcommand("create", "Make a token and show it, once");
  const auto created = add_action(*create, context, create_token);
  create->add_option("--name", created->name, "Whose it is, for people")->required()->type_name("TEXT");
  create->add_option("--scope", created->scopes, "read, write, admin, with commas between")
      ->type_name("NAMES")
      ->capture_default_str();
  create->add_option("--project", created->project, "Limit it to one project")->type_name("NAME");
  create->add_option("--expires-days", created->expires_days, "Days until it ends (default: never)")
      ->check(CLI::Range(1, 36500))
      ->type_name("N");

  add_action(*token->add_subcommand("list", "All tokens, without their secrets"), context, list_tokens);

  CLI::App* revoke = token->add_subcommand("revoke", "End a token");
  const auto revoked = add_action(*revoke, context, revoke_token);
  revoke->add_option("id", revoked->id, "As samcache token list shows it")->required()->type_name("ID");
}

}  // namespace samcache
