// Every word of the page, Chinese first, but for what the service says: rules and levels, and the words of the case file,
// which the terminal prints, too.

const WORDS = {
  "app": ["工资支付监测预警", "Wage payment watch"],
  "nav": ["主导航", "Main"],
  "tab.project": ["项目", "Project"],
  "tab.worker": ["工人", "Worker"],
  "overview": ["总览", "Overview"],
  "alerts": ["预警", "Alerts"],
  "projects": ["项目", "Projects"],
  "letters": ["死信", "Dead letters"],
  "quality": ["数据质量", "Data quality"],
  "doubt.note": ["数据来源静默期间，未见欠薪不等于已足额支付。", "While its source is silent, no arrears does not mean paid."],
  "doubt.tile": ["数据存疑的项目", "Projects in doubt"],
  "doubt.tile.note": ["所依据的数据来源已静默", "What they hang on is silent"],
  "doubt.due": ["其中 {0} 个月份数据存疑", "{0} of the months are in doubt"],
  "doubt.only": ["只看存疑", "In doubt only"],
  "quarantine": ["隔离", "Quarantine"],
  "quarantine.note": ["某类预警一日内激增、超过限额的部分先行隔离：照常研判和留存，但不通知任何部门，查明原因后放行。", "What a rule raises beyond its budget of a day is held: judged and kept as ever, but told to no department until somebody lets it go."],
  "quarantine.none": ["没有隔离中的预警。", "Nothing is held."],
  "quarantine.held": ["隔离 {0} 件，始于 {1}", "{0} held since {1}"],
  "quarantine.release": ["放行", "Let go"],
  "quarantine.sure": ["确认放行？{0} 件预警将立即通知各部门，本业务日内该类不再隔离。", "Let go? {0} alerts will be told to the departments at once, and no more of this kind are held today."],
  "quarantine.yes": ["确认放行", "Yes, let go"],
  "quarantine.actor": ["办理人", "Who does it"],
  "quarantine.why": ["原因", "Why"],
  "quarantine.done": ["已放行 {0} 件。", "{0} alerts were let go."],
  "language": ["English", "中文"],
  "skip": ["跳到内容", "Skip to content"],
  "loading": ["正在载入…", "Loading…"],
  "empty": ["没有记录", "Nothing here"],
  "retry": ["重试", "Try again"],
  "refresh": ["刷新", "Refresh"],
  "more": ["再取一页", "More"],
  "back": ["返回", "Back"],
  "print": ["打印案件单", "Print the case file"],
  "people": ["人", "people"],
  "total": ["合计", "Total"],
  "none": ["无", "None"],
  "all": ["全部", "All"],
  "no.date": ["尚无业务日期", "No business date yet"],
  "live": ["实时", "Live"],
  "live.title": ["变动随到随显", "Changes show as they happen"],
  "cut": ["连接中断", "Cut off"],
  "cut.long": ["实时连接已中断，正在重连。以下为{0}的情况。", "The live connection is cut and being restored. What is shown is as of {0}."],
  "connecting": ["连接中", "Connecting"],
  "behind": ["服务正在读取日志（第 {0} 块，共 {1} 块），在此之前不显示预警。", "The service is reading its log (block {0} of {1}); alerts are not shown before it is level."],
  "disk": ["磁盘空间不足（剩余 {0}，需 {1}）：现有数据照常可查，新记录和处置一律不收，请运维人员处理。", "The disk is nearly full ({0} free, {1} needed): what stands is shown, nothing new is taken. An operator must make room."],
  "failed": ["服务出现故障，正在停止：{0}", "The service has failed and is ending: {0}"],
  "unreachable": ["无法连接服务，最近一次成功：{0}。", "The service cannot be reached; last reached {0}."],
  "never": ["从未", "never"],
  "ago.seconds": ["{0} 秒前", "{0} s ago"],
  "ago.minutes": ["{0} 分钟前", "{0} min ago"],
  "ago.hours": ["{0} 小时前", "{0} h ago"],
  "next.day": ["次日", "next day"],
  "token": ["令牌", "Token"],
  "token.needed": ["请输入令牌。令牌由管理员发放，以 ww_ 开头，关闭本页后即被忘记。", "Enter your token. The operator gives it out; it begins with ww_ and is forgotten when this tab is closed."],
  "token.refused": ["令牌无效、已到期，或已被撤销，请重新输入。", "The token is wrong, has ended or was revoked. Enter it again."],
  "sign.in": ["登录", "Sign in"],
  "sign.out": ["退出", "Sign out"],
  "error.REVOKED": ["登录已失效，请重新登录。", "You are no longer signed in. Sign in again."],
  "error.PACED": ["操作过于频繁，请稍后再试。", "Too much at once. Try again later."],
  "error.NOT_READY": ["服务正在读取日志，请稍候。", "The service is still reading its log. Come again in a moment."],
  "error.NOT_FOUND": ["没有找到。可能已办结多时，或编号有误。", "Not found. It may have been resolved long ago, or the number is wrong."],
  "error.UNREACHABLE": ["无法连接服务。", "The service cannot be reached."],
  "error.READ_ONLY": ["只有在服务所在的机器上才能办理；从别处只能查看。", "Changes can be made at the machine itself only; from elsewhere the page is for reading."],
  "error.STRANGE_HOST": ["请用 IP 地址、localhost 或配置项 http.hosts 中的名称打开本页。", "Open the page by IP address, as localhost, or by a name of http.hosts in the config."],
  "error.DISK_FULL": ["磁盘空间不足，暂不收任何记录。", "The disk is nearly full; nothing is taken."],
  "error.STOPPING": ["服务正在停止，请稍后再试。", "The service is stopping. Try again later."],
  "error.DEADLINE": ["未在时限内得到答复，请重试。", "The answer did not come in time. Try again."],
  "error.PERMISSION_DENIED": ["您的角色不能查看或办理此项。", "Your role does not see or do this."],
  "error.other": ["出错：{0}", "Error: {0}"],

  "open.alerts": ["未结预警", "Open alerts"],
  "arrears": ["拖欠工资", "Arrears"],
  "workers.owed": ["被欠人数", "Workers owed"],
  "tile.arrears": ["逾期未付合计，按项目欠薪预警", "Overdue in all, by project alerts"],
  "tile.workers": ["有逾期工资的工人", "With a wage that is overdue"],
  "tile.projects": ["涉及项目 {0} 个", "In {0} projects"],
  "unacknowledged": ["待签收 {0}", "{0} not acknowledged"],
  "by.sector": ["按行业主管部门", "By sector department"],
  "by.sector.short": ["主管部门", "Sector department"],
  "by.territory": ["按属地", "By territory"],
  "by.rule": ["按类型", "By kind"],
  "trend": ["逐月走势", "Month by month"],
  "trend.note": ["新增与办结的预警（件）", "Alerts raised and settled"],
  "trend.money": ["发现与追回的欠薪（元）", "Arrears found and cleared (yuan)"],
  "opened": ["新增", "Raised"],
  "settled": ["办结", "Settled"],
  "found": ["发现", "Found"],
  "cleared": ["追回", "Cleared"],
  "due": ["十日内到期", "Due within ten days"],
  "due.note": ["到期应付、账户余额与缺口；未满月的按已过天数推算。", "What falls due, what the account holds, and what is short. A month that still runs is scaled by its days so far."],
  "due.none": ["十日内没有到期的工资。", "No wages fall due within ten days."],
  "due.short": ["缺口合计 {0} 元，{1} 个项目", "{0} yuan short in {1} projects"],
  "due.covered": ["均已足额", "All covered"],
  "due.rest": ["另有 {0} 笔余额足够", "{0} more are covered"],
  "expected": ["应付", "Expected"],
  "needed": ["尚需", "Needed"],
  "balance": ["账户余额", "Balance"],
  "no.account": ["无专户", "No account"],
  "short": ["缺口", "Short"],
  "number": ["件数", "Count"],

  "level": ["级别", "Level"],
  "status.asks": ["需处理的", "To be handled"],
  "status.any": ["全部", "All"],
  "rule": ["类型", "Kind"],
  "department": ["部门", "Department"],
  "territory": ["属地", "Territory"],
  "sector": ["行业", "Sector"],
  "filters": ["筛选", "Filters"],
  "clear": ["清除", "Clear"],
  "level.least": ["{0}及以上", "{0} and worse"],
  "list.count": ["共 {0} 件", "{0} alerts"],
  "list.loaded": ["已载入 {0}", "{0} loaded"],
  "list.order": ["级别重者在前，同级中久未变动者在前", "Worst level first; within it, longest unchanged first"],
  "list.none": ["没有符合条件的预警。", "No alert matches."],
  "list.keys": ["↑ ↓ 选择，回车打开", "↑ ↓ to move, Enter to open"],
  "subject": ["对象", "Subject"],
  "changed": ["变动", "Changed"],
  "workers.n": ["{0} 人", "{0} workers"],

  "alert": ["预警", "Alert"],
  "case.printed": ["打印时间 {0}", "Printed {0}"],
  "acts": ["办理", "Act"],
  "actor": ["经办人或单位", "Who acts"],
  "actor.needed": ["请先填写经办人或单位", "Say first who acts"],
  "acts.work": ["受理", "Take up"],
  "acts.hearing": ["说明与核实", "Hear and verify"],
  "acts.measures": ["处置", "Measures"],
  "act.acknowledge": ["签收", "Acknowledge"],
  "act.assign": ["转办", "Assign"],
  "act.note": ["备注", "Note"],
  "act.handle": ["开始办理", "Begin work"],
  "act.askJustification": ["要求单位说明", "Ask for justification"],
  "act.recordJustification": ["记录单位说明", "Employer's word"],
  "act.recordWorkerWord": ["记录工人意见", "Worker's word"],
  "act.recordAdvance": ["周转金垫付", "Advance by the fund"],
  "act.handOver": ["移送", "Hand over"],
  "act.exempt": ["暂缓", "Exempt"],
  "act.dismiss": ["不予处置", "Dismiss"],
  "act.assign.to": ["转给", "To"],
  "act.text": ["内容", "Text"],
  "act.optional": ["（可不填）", " (may be left out)"],
  "act.until.askJustification": ["限期（含当日）", "Last day for it"],
  "act.until.exempt": ["暂缓至（含当日）", "Exempted up to and on"],
  "act.amount": ["垫付金额（元），至多 {0}", "Advanced (yuan), at most {0}"],
  "act.list.DISMISS_REASON": ["理由", "Reason"],
  "act.list.EXEMPTION_KIND": ["依据", "On what ground"],
  "act.list.WORKER_WORD": ["工人意见", "The worker says"],
  "act.list.AUTHORITY": ["移送给", "To"],
  "act.pick": ["请选择", "Pick one"],
  "act.do": ["确认", "Confirm"],
  "act.cancel": ["取消", "Cancel"],
  "act.done": ["已记入日志：{0}", "Done and logged: {0}"],
  "act.required": ["必填", "Required"],
  "act.too.long": ["至多 {0} 字", "At most {0} characters"],
  "act.past": ["不得早于业务日期 {0}", "Not before the business date, {0}"],
  "act.amount.range": ["请填 0.01 至 {0} 元，至多两位小数", "0.01 to {0} yuan, at most two decimals"],
  "act.warn.dismiss": ["仅对当前级别和金额有效；事实加重即重新提起。", "Holds for the present level and sum; worse facts reopen it."],
  "act.warn.exempt": ["仅对当前金额有效；金额增加或期满即恢复。工程量、造价争议不是理由（724 号令第三十五条）。", "Covers the present sum; a larger one, or the day, ends it. A dispute over quantity or price is no ground (Order 724, article 35)."],
  "act.warn.recordAdvance": ["只记垫付；单位所欠不变，预警不因此解除。", "Records the advance alone: the firm's debt stays, and the alert with it."],
  "open.project": ["项目台账", "The project"],
  "open.worker": ["工人台账", "The worker"],

  "projects.search": ["编号或名称", "Number or name"],
  "projects.overdue": ["只看有拖欠的", "In arrears only"],
  "project.id": ["编号", "Number"],
  "name": ["名称", "Name"],
  "contractor": ["施工总承包", "Contractor"],
  "owner": ["建设单位", "Owner"],
  "funding": ["资金", "Funding"],
  "contract": ["合同额", "Contract"],
  "labour.fee": ["每月人工费", "Labour fee a month"],
  "pay.day": ["发薪日", "Pay day"],
  "officer": ["劳资专管员", "Labour officer"],
  "started": ["开工", "Started"],
  "completed": ["完工", "Completed"],
  "workers.count": ["工人（{0}）", "Workers ({0})"],
  "overdue": ["逾期", "Overdue"],
  "overdue.workers": ["被欠", "Owed"],
  "oldest.due": ["最早应付日", "Oldest due"],
  "suspense": ["待认领付款", "Unplaced payments"],
  "funds": ["资金与工资（逐月）", "Funds and wages by month"],
  "funds.in": ["人工费拨入", "Labour fee in"],
  "funds.other.in": ["其他入账", "Other in"],
  "funds.out": ["工资支出", "Wages out"],
  "funds.other.out": ["其他支出", "Other out"],
  "accrued": ["应计", "Accrued"],
  "paid": ["已付", "Paid"],
  "owed": ["欠付", "Owed"],
  "days": ["工日", "Days"],
  "funds.note": ["入账、支出按记账月份；应计、应付、已付按工资所属月份。", "Money in and out counts in the month of booking; wages in the month that they are for."],
  "accounts": ["工资专户", "Wage accounts"],
  "opened.on": ["开户", "Opened"],
  "closed.on": ["销户", "Closed"],
  "agreement": ["三方协议", "Agreement"],
  "signed": ["已签", "Signed"],
  "unsigned": ["未签", "Not signed"],
  "restraints": ["冻结查封", "Restraints"],
  "deposits": ["工资保证金", "Wage deposits"],
  "form": ["形式", "Form"],
  "lodged.on": ["存入", "Lodged"],
  "expires.on": ["到期", "Expires"],
  "guarantees": ["工程款支付担保", "Payment guarantees"],
  "inspections": ["检查", "Inspections"],
  "inspected.on": ["日期", "Date"],
  "outcome": ["结果", "Outcome"],
  "note": ["说明", "Note"],
  "complaints": ["投诉举报", "Complaints"],
  "filed.on": ["收到", "Filed"],
  "channel": ["渠道", "Channel"],
  "closed": ["办结", "Closed"],
  "project.alerts": ["本项目预警", "The project's alerts"],
  "yes": ["是", "Yes"],
  "no": ["否", "No"],

  "worker.find": ["按身份证号查询", "Find by identity number"],
  "worker.number": ["身份证号（完整）", "Identity number, in full"],
  "worker.find.note": ["号码只随查询发送，不进入网址、日志和指标。", "The number goes with the question only; it is in no address, log or metric."],
  "find": ["查询", "Find"],
  "enrolled": ["已登记", "Enrolled"],
  "not.enrolled": ["未登记", "Not enrolled"],
  "last.worked": ["最后出勤", "Last worked"],
  "first.worked": ["首次出勤", "First worked"],
  "calendar": ["出勤日历", "Days worked"],
  "calendar.stated": ["按日报", "By statement"],
  "calendar.swiped": ["按打卡", "By swipes"],
  "calendar.void": ["日报作废", "Voided"],
  "minutes": ["{0} 分钟", "{0} minutes"],
  "periods": ["逐月工资", "Wages by month"],
  "advance": ["多付（预支）", "Paid ahead"],
  "named.accounts": ["本人登记账户", "Accounts that he named"],
  "worker.alerts": ["该工人的预警", "His alerts"],

  "letters.note": ["收不下的记录都在这里，附原因。改正后可重新报送；原件仍保留。长数字已遮盖：没有错的照原样留着，报送时由服务补全；错的请改写完整。", "Records that could not be taken, each with its reason. Mend and send again; the original is kept. Long numbers are masked: leave those that are right as they stand, the service puts them in; write those that are wrong in full."],
  "letters.none": ["没有收不下的记录。", "No record was rejected."],
  "received": ["收到", "Received"],
  "reason": ["原因", "Reason"],
  "field": ["字段", "Field"],
  "door": ["入口", "Door"],
  "raw": ["原文（已遮盖）", "As it came (masked)"],
  "mend": ["改正", "Mend"],
  "mend.label": ["改正后的记录（一行 JSON）", "The mended record, one line of JSON"],
  "mend.send": ["重新报送", "Send again"],
  "mend.masked": ["{0} 中被遮盖的数字对不上原件，请写完整。", "The masked digits of {0} are not those that came: write the number in full."],
  "mend.not.json": ["不是一个 JSON 对象。", "This is no JSON object."],
  "mend.accepted": ["已收下。", "Accepted."],
  "mend.duplicate": ["已有相同记录，未作改动。", "Known already; nothing changed."],
  "mend.rejected": ["仍不能收：{0}", "Still rejected: {0}"],

  "quality.sources": ["数据来源", "Senders"],
  "quality.since": ["自 {0} 起计", "Counted since {0}"],
  "quality.part": ["不全：有实例未应答，或来源过多", "Not all of them: an instance did not answer, or there are too many"],
  "quality.records": ["记录", "Records"],
  "quality.rejected": ["拒收", "Rejected"],
  "quality.late": ["迟报（三日以上）", "Late (over three days)"],
  "quality.last": ["最近收到", "Last received"],
  "quality.stated": ["最近陈述时间", "Latest statement"],
  "quality.silent": ["已静默 {0} 天", "Silent for {0} days"],
  "quality.alerts": ["数据类预警", "Alerts about the data"],
  "quality.letters": ["死信分布（最早 {0} 条）", "Dead letters ({0} looked at)"],
  "quality.suspense": ["待认领付款", "Unplaced payments"],
  "quality.pipeline": ["服务状况", "The service"],
  "quality.none": ["启动以来尚未收到记录。", "No record came since the start."],
  "version": ["版本", "Version"],
  "log": ["日志", "Log"],
  "store": ["存储", "Store"],
  "memory": ["内存中", "In memory"],
  "queued": ["排队", "Queued"],
  "subscribers": ["订阅者", "Subscribers"],
  "checkpoint": ["最近检查点", "Last checkpoint"],
  "anonymous": ["（未注明）", "(unnamed)"],
};

const ENUMS = {
  PERIOD_STATUS_UNPRICED: ["未定工资", "Not priced"],
  PERIOD_STATUS_PAID: ["已付清", "Paid"],
  PERIOD_STATUS_OVERDUE: ["逾期", "Overdue"],
  PERIOD_STATUS_NOT_DUE: ["未到期", "Not due"],
  DEPOSIT_FORM_CASH: ["现金", "Cash"],
  DEPOSIT_FORM_BANK_GUARANTEE: ["银行保函", "Bank guarantee"],
  DEPOSIT_FORM_INSURANCE: ["保险", "Insurance"],
  DEPOSIT_FORM_SURETY: ["担保", "Surety"],
  DEPOSIT_STATUS_LODGED: ["在存", "Lodged"],
  DEPOSIT_STATUS_DRAWN: ["已动用", "Drawn"],
  DEPOSIT_STATUS_RELEASED: ["已退还", "Released"],
  FUNDING_GOVERNMENT: ["政府投资", "Government"],
  FUNDING_STATE_OWNED: ["国有企业", "State-owned"],
  FUNDING_PRIVATE: ["社会投资", "Private"],
  INSPECTION_OUTCOME_CLEAR: ["未见问题", "Clear"],
  INSPECTION_OUTCOME_HAZARD: ["隐患", "Hazard"],
  INSPECTION_OUTCOME_VIOLATION: ["违法", "Violation"],
  RESTRAINT_KIND_FROZEN: ["冻结", "Frozen"],
  RESTRAINT_KIND_SEIZED: ["查封", "Seized"],
  RESTRAINT_KIND_DEDUCTED: ["划扣", "Deducted"],
  CHANNEL_HOTLINE: ["12345 热线", "12345 hotline"],
  CHANNEL_PETITION: ["信访", "Petition"],
  CHANNEL_PLATFORM: ["线索平台", "Platform"],
  CHANNEL_ONLINE: ["网络", "Online"],
  CHANNEL_COURT: ["法院", "Court"],
  SUSPENSE_REASON_NO_PROJECT: ["不知项目", "No project"],
  SUSPENSE_REASON_NO_WORKER: ["不知工人", "No worker"],
  SUSPENSE_REASON_AMBIGUOUS_WORKER: ["工人不唯一", "Several workers"],
  PROJECT_STATUS_ACTIVE: ["在建", "Active"],
  PROJECT_STATUS_SUSPENDED: ["停工", "Suspended"],
  PROJECT_STATUS_COMPLETED: ["完工", "Completed"],
};

// Why a record was rejected, as its code says; the rest of the reason names shapes and stays English.
const REASONS = {
  syntax: ["格式无法识别", "cannot be read"],
  missing: ["缺少必填字段", "missing"],
  "wrong-type": ["类型不对", "of another type"],
  format: ["格式不对", "of another form"],
  range: ["超出范围", "out of range"],
  checksum: ["校验位不符", "wrong check character"],
  "unknown-type": ["未知的记录类型", "unknown type"],
  "too-large": ["超过大小限制", "too large"],
  conflict: ["与已收的同号付款不一致", "in conflict with what is known"],
};

const KEY = "wagewatch.lang";
let chosen = read();
let served = { rules: {}, levels: {}, case: {}, terms: {} };

function read() {
  try {
    return localStorage.getItem(KEY) === "en" ? "en" : "zh";
  } catch {
    return "zh";
  }
}

export const lang = () => chosen;

export function choose(next) {
  chosen = next;
  try {
    localStorage.setItem(KEY, next);
  } catch { /* without storage it holds until the page is closed */ }
}

export function serve(words) {
  served = words;
}

export function t(key, ...values) {
  const found = WORDS[key]?.[chosen === "zh" ? 0 : 1] ?? say(served.case[key]);
  if (!found) return key;
  return found.replace(/\{(\d)\}/g, (_, at) => values[at] ?? "");
}

export const has = (key) => key in WORDS;

// What a view is called, also before the service has said its words.
export const tab = (name) => t(has(`tab.${name}`) ? `tab.${name}` : name);

export function word(name) {
  const found = ENUMS[name]?.[chosen === "zh" ? 0 : 1] ?? say(served.terms[name]);
  return found ? found : name ? name.replace(/_/g, " ").toLowerCase() : "";
}

export const reason = (code) => REASONS[code]?.[chosen === "zh" ? 0 : 1] ?? code;

// A text that the service says in both tongues.
export const say = (text) => (text ? text[chosen] || text.zh || text.en : "");

export const ruleName = (rule) => say(served.rules[rule]) || rule;
export const levelName = (level) => say(served.levels[level]) || level;
export const ruleKeys = () => Object.keys(served.rules);

export const LEVELS = ["LEVEL_RED", "LEVEL_ORANGE", "LEVEL_YELLOW", "LEVEL_BLUE"];
// The words of a closed list, in its order: `terms("DISMISS_REASON")`.
export const terms = (list) => Object.keys(served.terms).filter((name) => name.startsWith(`${list}_`));
export const STATUSES = ["ALERT_STATUS_OPEN", "ALERT_STATUS_ACKNOWLEDGED", "ALERT_STATUS_HANDLING", "ALERT_STATUS_EXEMPTED", "ALERT_STATUS_DISMISSED"];

/** The project that an alert is about, or what else it is about where it belongs to none. */
export function whose(alert) {
  const { project, subject = {} } = alert;
  return project?.name || project?.projectId || subject.employerUscc || subject.source || subject.complaintId || t("county");
}
