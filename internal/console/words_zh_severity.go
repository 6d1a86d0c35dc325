package console

// severityInChinese are the words of the page about the score.
var severityInChinese = map[string]string{
	"Severity": "严重程度", ", a rule that nobody has verified": "（该规则尚未核实）", "Severity, incident %s": "严重程度，事件 %s", "Severity, and where it comes from": "严重程度及其依据", "The parts of the score": "评分的组成部分",
	"Score = kind of data × ease of identification + circumstances. While facts are missing, a part is an interval and its upper end drives.": "评分 = 数据种类 × 可识别程度 + 情形。事实缺失时，该部分为区间，以上限为准。",
	"Part": "部分", "Value": "取值", "From the facts": "由事实得出", "Set by hand.": "人工设定。", "Beside the score:": "评分之外：", "Set a part by hand": "人工设定某一部分",
	"Part and value": "部分与取值", "Why is this value right?": "为何此取值正确？", "It is kept with the facts; what the facts give stays beside it.": "理由随事实保存；由事实得出的取值保留在旁。",
	"Set this value": "设定此取值", "A responder or a lead can do this while the incident runs.": "事件进行期间，可由处置人员或合规负责人设定。", "Nothing is assessed yet.": "尚未评估。",
	"The value is set. The duties are judged anew.": "已设定取值。正在重新判定义务。", "%s: %s": "%s：%s",
	"Kind of data (DPC)": "数据种类（DPC）", "Ease of identification (EI)": "可识别程度（EI）", "Circumstances: confidentiality": "情形：保密性",
	"Circumstances: integrity": "情形：完整性", "Circumstances: availability": "情形：可用性", "Circumstances: malice": "情形：恶意",
	"More than 100 people are affected.": "受影响人数超过 100 人。", "Nobody can read the data: good encryption or hash.": "数据无法读取：加密或哈希可靠。",
}
