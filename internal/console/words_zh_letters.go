package console

// lettersInChinese are the words of letters and of what comes back.
var lettersInChinese = map[string]string{
	"Letters": "信件", "State": "状态", "1 letter waits for the next batch.": "1 封信等待下一批次。", "%s letters wait for the next batch.": "%s 封信等待下一批次。",
	"1 of them stays: the sending of its incident is paused or stopped.":    "其中 1 封保留：所属事件的发送已暂停或停止。",
	"%s of them stay: the sending of their incidents is paused or stopped.": "其中 %s 封保留：所属事件的发送已暂停或停止。",
	"On its way to the printer": "正在交付印刷", "Some were not printed": "部分未印刷", "All posted": "全部已寄出", "Being printed and posted": "印刷和寄送中", "With the printer, no word yet": "已交印刷商，尚无回报",
	"Batches, newest first": "批次，最新在前", "Batch": "批次", "Handed over": "交付", "Printed": "已印刷", "Posted": "已寄出", "Not printed": "未印刷", "Came back": "退回", "pages": "页数", "Not yet": "尚未",
	"Manifest (CSV)": "清单 (CSV)", "No batch was made yet.": "尚无批次。", "Letters are put together and handed to the printer when letters.every is set, or by the command tocsin letters batch.": "设置 letters.every 后自动成批交付印刷，或使用命令 tocsin letters batch。",
	"The printer's report": "印刷商回报", "Letters that came back": "退回的信件", "File": "文件", "Take in the report": "导入回报", "Take in what came back": "导入退信",
	"CSV with the columns letter_id, status (printed, posted, failed) and date. A letter counts from the day of posting.":                    "CSV，列为 letter_id、status（printed、posted、failed）和 date。信件自寄出之日起计。",
	"CSV with the columns letter_id, reason and date, or one scanned id a line. Whoever did not get the letter goes on to the next channel.": "CSV，列为 letter_id、reason 和 date，或每行一个扫描编号。未收到信件者转入下一渠道。",
	"The same file again changes nothing. Who brought a file is on the record of each incident.":                                             "重复导入同一文件不会有变化。导入者记录在各事件中。",
	"No file was chosen.": "未选择文件。", "The file could not be read, or is larger than 16 MiB.": "文件无法读取，或大于 16 MiB。",
	"The file could not be read: it needs a line of column names, and the columns that are named below.": "文件无法读取：需要列名行和下列各列。",
	"Lines %s: taken %s, known before %s, unknown %s, wrong %s.":                                         "共 %s 行：采用 %s，已知 %s，未知 %s，有误 %s。",
	"Line %s: %s": "第 %s 行：%s", "The first twenty of each are shown.": "各显示前二十条。", "Never handed to a printer from here:": "从未由此交付印刷：", "Not taken:": "未采用：",
	"%s brought what became of calls to %s.":         "%s 导入了对%s的通话结果。",
	"%s brought the printer's report on %s letters.": "%s 导入了印刷商对 %s 封信的回报。", "%s brought %s letters that came back.": "%s 导入了 %s 封退回的信件。",
}
