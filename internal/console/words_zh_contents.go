package console

// contentsInChinese is what is said of what the regimes ask of texts, and of numbers from lists.
var contentsInChinese = map[string]string{
	"The texts do not hold what the law asks for":                                                             "文本未包含法律要求的内容",
	"Mend each gap that is named, or let it go by name with a reason (tocsin plan waive); then submit again.": "请逐项补正所列缺口，或逐项说明理由予以豁免（tocsin plan waive），然后重新提交。",

	"The texts were compared with what 1 duty asks of them.":                "文本已与 1 项义务的要求逐项核对。",
	"The texts were compared with what %s duties ask of them.":              "文本已与 %s 项义务的要求逐项核对。",
	"What the regimes ask of the texts":                                     "各项法规对文本的要求",
	"Let go by name, with a reason:":                                        "已逐项说明理由予以豁免：",
	"Nothing that is asked for is missing, and nothing forbidden is in it.": "所要求的内容无一缺失，也不含被禁止的内容。",
	"Worth knowing": "需要知道",
	"This rule has not been verified against its source.": "本规则尚未与原文核对。",
	"In:":                       "所在文本：",
	"Against:":                  "与之相反：",
	"%s, %s":                    "%s，%s",
	"Asked for, and not in it":  "要求写明而未写",
	"Must not be in it, and is": "不得写入而写入了",
	"Asked for by one regime and forbidden by another":              "一项法规要求写明，另一项禁止写入",
	"The prescribed title is not in it":                             "缺少规定的标题",
	"The prescribed headings are not in it in their order":          "缺少规定的小标题，或次序不符",
	"The public notice is taken down too early":                     "公告撤下过早",
	"There is no number that people can call":                       "没有可供拨打的电话",
	"The report says that it is not known yet":                      "报告注明尚不清楚",
	"Asked for if the duty turns out to apply":                      "如该义务适用，则要求写明",
	"Forbidden if the duty turns out to apply":                      "如该义务适用，则禁止写入",
	"This plan holds no text for it; it is written and sent apart":  "本方案不含其文本，须另行撰写和发送",
	"Keep a number answered for as long as the public notice is up": "公告期间须有电话应答",

	"Numbers from the lists":    "名单中的人数",
	"at least %s":               "至少 %s",
	"%s: %s, as %s decided: %s": "%s：%s，由 %s 决定：%s",
	"%s: the lists hold %s, the facts estimate %s. The higher one drives the duties until a person decides.": "%s：名单为 %s，事实估计为 %s。在有人决定之前，以较高者判定义务。",
	"%s: %s, counted from the lists; the facts give no number.":                                              "%s：%s，据名单统计；事实未给出数字。",
	"People in all": "总人数", "Minors": "未成年人", "People without any usable contact": "没有可用联系方式的人",
	"Decide on the command line:": "请用命令行决定：",

	"The texts do not hold what their regimes ask for, so nobody can approve the plan yet. Mend what is listed, or let it go by name with a reason on the command line: tocsin plan waive %s": "文本未包含法规要求的内容，方案尚不能批准。请补正所列各项，或用命令行逐项说明理由予以豁免：tocsin plan waive %s",
	"%s let something go that a regime asks of the texts, %s (%s): %s":     "%s 豁免了一项对文本的要求：%s（%s），理由：%s",
	"The lists were counted; the numbers are in revision %d of the facts.": "已统计名单；人数记入事实第 %d 版。",
}
